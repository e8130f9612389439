"""A street's cables from every kind of file, with what is wrong named; and as they usually are."""

import json
from pathlib import Path

import numpy as np
import power_grid_model as pgm
import pytest
from django.core.management import CommandError, call_command
from power_grid_model.utils import json_serialize_to_file

from community.demo import neighbourhood
from community.feeder_files import Bus, Cable, FeederFault, FeederFile, building, outwards, read_feeder, street
from community.models import Feeder, Household
from market.grid import ac_flow
from market.queries.book import feeder_of
from tests import factories as make

FILES = Path(__file__).parent / "feeders"
DEMO = Path(neighbourhood.__file__).with_name("feeder_simbench_rural1.json")
PANDAPOWER = (FILES / "pandapower.json").read_bytes()


def chain(*cables, root="a"):
    codes = dict.fromkeys([root, *(end for cable in cables for end in cable.ends)])
    return FeederFile("test", root, tuple(Bus(code) for code in codes), tuple(cables))


def cable(code, one, other, r_ohm=0.1):
    return Cable(code, (one, other), r_ohm, 0.05)


def test_cables_are_turned_outwards():
    described = chain(cable("l1", "b", "a"), cable("l2", "c", "b"))

    turned = [(parent, child) for _cable, parent, child in outwards(described.root, described.cables)]
    assert turned == [("a", "b"), ("b", "c")]


@pytest.mark.parametrize(
    ("cables", "code", "names"),
    [
        ([cable("l1", "a", "b"), cable("l2", "b", "c"), cable("l3", "c", "d"), cable("l4", "d", "b")], "loop", "l2?l3?l4"),
        ([cable("l1", "a", "b"), cable("l9", "y", "z")], "island", "l9"),
        ([cable("l1", "a", "b", r_ohm=0.0)], "no-impedance", "l1"),
    ],
)  # fmt: skip
def test_what_is_no_tree_is_refused_by_the_names_of_its_lines(cables, code, names):
    with pytest.raises(FeederFault) as refused:
        chain(*cables)

    assert refused.value.code == code
    assert all(name in str(refused.value) for name in names.split("?"))
    assert "l1" not in str(refused.value) or "l1" in names


def test_pandapowers_file_gives_its_taps_switches_and_parallel_lines():
    described = read_feeder(PANDAPOWER)

    found = {one.code: one for one in described.cables}
    assert sorted(found) == ["A", "B", "C"]  # the ring is open
    assert (found["A"].r0_ohm, found["B"].limit_a) == (pytest.approx(0.0824), pytest.approx(486.0))
    assert found["B"].r_ohm == pytest.approx(0.00515)
    assert described.root == "b1"
    assert len(described.buses) == 4  # a closed switch makes two buses one
    assert described.slack_pu == pytest.approx(1.01 / 0.975)
    assert described.transformer.s_va == 400_000


@pytest.mark.django_db
def test_its_voltages_are_those_that_pandapower_finds():
    home = make.home(make.community(), "Ana", make.tariff())
    file = FILES / "pandapower.json"
    call_command("load_feeder", "calle", file)
    feeder = feeder_of(type(home.community).objects.get())
    drawn = np.zeros((len(feeder.nodes), 3))
    drawn[feeder.index["b2"]], drawn[feeder.index["b4"]] = 20_000 / 3, 10_000 / 3

    volts = ac_flow(feeder, drawn).voltages_pu[:, 0]

    # pandapower 3.5.6, runpp; its transformer has no-load losses, which are left out here
    for node, expected in (("b1", 1.034820), ("b2", 1.031071), ("b3", 1.030759), ("b4", 1.029849)):
        assert volts[feeder.index[node]] == pytest.approx(expected, abs=3e-4)


def test_power_grid_models_file(tmp_path):
    node = pgm.initialize_array("input", "node", 3)
    node["id"], node["u_rated"] = [0, 1, 2], [20_000.0, 400.0, 400.0]
    line = pgm.initialize_array("input", "line", 1)
    line["id"], line["from_node"], line["to_node"] = 10, 1, 2
    line["from_status"] = line["to_status"] = 1
    line["r1"], line["x1"], line["c1"], line["tan1"], line["i_n"] = 0.05, 0.02, 0.0, 0.0, 200.0
    transformer = pgm.initialize_array("input", "transformer", 1)
    facts = {"id": 20, "from_node": 0, "to_node": 1, "from_status": 1, "to_status": 1, "u1": 20_000.0, "u2": 400.0,
             "sn": 250_000.0, "uk": 0.04, "pk": 3_250.0, "i0": 0.0, "p0": 0.0, "winding_from": 2, "winding_to": 1,
             "clock": 5, "tap_side": 0, "tap_pos": 1, "tap_nom": 0, "tap_min": -2, "tap_max": 2, "tap_size": 500.0}  # fmt: skip
    for name, value in facts.items():
        transformer[name] = value
    source = pgm.initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"], source["u_ref"] = 30, 0, 1, 1.02
    data = {"node": node, "line": line, "transformer": transformer, "source": source}
    json_serialize_to_file(tmp_path / "net.json", data)

    described = read_feeder((tmp_path / "net.json").read_bytes(), "net")

    assert described.root == "n1"
    assert described.cables == (Cable("l10", ("n1", "n2"), 0.05, 0.02, 200.0),)
    assert described.slack_pu == pytest.approx(1.02 * 20_000 / 20_500)
    assert described.transformer.r_ohm == pytest.approx(3_250 * 400**2 / 250_000**2)


def test_a_csv_of_cables():
    text = "line,from,to,r_ohm,x_ohm,limit_a,s_kva\ntransformer,,a,0.01,0.03,,250\nl1,a,b,0.05,0.02,270,\nl2,c,b,0.05,0.02,,\n"

    described = read_feeder(text.encode(), "calle")

    assert (described.root, described.transformer.s_va) == ("a", 250_000)
    assert [one.limit_a for one in described.cables] == [270.0, None]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"line,from,to,r_ohm\n", "missing-column"),
        (b"line,from,to,r_ohm,x_ohm\nl1,a,b,much,0.1\n", "bad-figure"),
        (b"line,from,to,r_ohm,x_ohm\ntransformer,,a,,\nl1,a,b,,0.1\n", "no-impedance"),
        (b"line,from,to,r_ohm,x_ohm,transformer\ntransformer,,a,,,\nl1,a,b,0.1,0.1,perhaps\n", "bad-figure"),
        (b"line,from,to,r_ohm,x_ohm\ntransformer,,a,,\nl1,a,b,0.1,0.1\nl1,b,c,0.1,0.1\n", "line-twice"),
        (b"line,from,to,r_ohm,x_ohm\ntransformer,,a,,\nl1,a," + b"b" * 33 + b",0.1,0.1\n", "code-too-long"),
        (b"name;street\nAna;Azahar\n", "unknown-file"),
        (b"", "empty"),
        (b"PK\x03\x04\x00\x00", "not-text"),
        (b"[]", "unknown-file"),
        (b"line,from,to,r_ohm,x_ohm\nl1,a,b,0.1,0.1\n", "no-transformer"),
        (b"{", "not-json"),
        (b"{}", "unknown-file"),
        (b"\xff\xfe", "not-text"),
        (PANDAPOWER.replace(b"ext_grid", b"ext_gone"), "no-source"),
        (PANDAPOWER.replace(b"tap_step_percent", b"tap_something"), "tap-without-step"),
        (b'{"type": "input", "is_batch": true, "data": {}}', "batch"),
        (b'{"type": "input", "data": {"source": []}}', "no-source"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(content, code):
    with pytest.raises(FeederFault) as refused:
        read_feeder(content)

    assert refused.value.code == code


def test_a_ring_that_is_closed_is_named():
    described = json.loads(PANDAPOWER)
    table = described["_object"]["switch"]["_object"]
    frame = json.loads(table) if isinstance(table, str) else table
    place = frame["columns"].index("closed")
    for row in frame["data"]:
        row[place] = True
    described["_object"]["switch"]["_object"] = json.dumps(frame)

    with pytest.raises(FeederFault, match="ring, open") as refused:
        read_feeder(json.dumps(described).encode())

    assert refused.value.code == "loop"


@pytest.mark.parametrize("usual", [street, building])
def test_what_is_usual_carries_its_homes_and_says_that_it_is_assumed(usual):
    described = usual([f"h{i}" for i in range(20)])

    assert "assumed" in described.source
    assert described.transformer.s_va == 100_000
    assert {"h0", "h19"} <= {bus.code for bus in described.buses}


def test_the_demos_own_file_is_read_as_before():
    described = read_feeder(DEMO.read_bytes())

    assert (len(described.buses), len(described.cables)) == (14, 13)
    assert described.slack_pu == pytest.approx(1.0)


@pytest.mark.django_db
def test_the_command_connects_the_homes_of_a_usual_street_and_refuses_a_second_feeder(capsys):
    street = make.community()
    make.home(street, "Azahar 1", make.tariff())

    call_command("load_feeder", "calle", "--usual", "street")

    assert "3 connections, 2 cables" in capsys.readouterr().out
    assert Household.objects.get().node.code.startswith("home-")
    with pytest.raises(CommandError, match="has a feeder already"):
        call_command("load_feeder", "calle", "--usual", "building")
    assert Feeder.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments", [["calle"], ["nowhere", "--usual", "street"], ["calle", "x.csv", "--usual", "street"]]
)
def test_the_command_says_what_it_wants(arguments):
    make.community()

    with pytest.raises(CommandError):
        call_command("load_feeder", *arguments)
