"""Bringing the street's cables in: administrators only, looked at first, homes never cut off."""

import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from community.demo import neighbourhood
from community.feeder_files import FeederFault, as_json, building, from_json, read_feeder, remarks, street
from community.models import Feeder, Household, Line, Member, Node
from community.services.feeders import (
    Connection,
    HomeWouldLoseItsNode,
    UnknownNode,
    connect_homes,
    store_feeder,
    usual_feeder,
)
from community.wording.feeders import FAULTS, fault
from market.queries.book import feeder_of
from tests import factories as make

pytestmark = pytest.mark.django_db

NEW, CHECK, HOMES = "/street/cables/new/", "/street/cables/new/check/", "/street/cables/homes/"
DEMO = Path(neighbourhood.__file__).with_name("feeder_simbench_rural1.json")
PANDAPOWER = (Path(__file__).parent / "feeders" / "pandapower.json").read_bytes()
HEAD = "line,from,to,r_ohm,x_ohm,limit_a,s_kva,transformer\ntransformer,,a,0.01,0.03,,250,\n"
GOOD = HEAD + "l1,a,b,0.05,0.02,270,,\nl2,b,c,0.05,0.02,,,true\n"


@pytest.fixture
def here():
    return make.community()


@pytest.fixture
def admin(here):
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(make.member(here, "Marta", Member.Role.ADMIN).user)
    return client


@pytest.fixture
def home(here):
    return make.home(here, "Azahar 3", make.tariff())


def upload(client, text, name="azahar.csv", **more):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(NEW, {"file": SimpleUploadedFile(name, content)}, **more)


def digest(client):
    return client.get(CHECK).context["digest"]


def read(answer):
    return answer.content.decode().replace("\xa0", " ").replace("&#x27;", "'")


@pytest.mark.parametrize("path", [NEW, CHECK, HOMES])
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_administrators_may(client, here, path, method):
    assert getattr(client, method)(path).headers["location"] == f"/login/?next={path}"
    client.force_login(make.member(here, "Ana").user)

    assert getattr(client, method)(path).status_code == 403


def test_nothing_is_stored_before_it_was_looked_at(admin, here):
    answer = upload(admin, GOOD, follow=True)

    page = read(answer)
    assert "3 connections" in page
    assert "2 cables" in page
    assert "250 kVA" in page
    assert "1 cable has no limit (l2)" in page
    assert "1 line leads through another transformer (l2)" in page
    assert "Nothing is stored yet." in page
    assert not Feeder.objects.exists()


def test_what_was_looked_at_is_what_is_stored(admin, here):
    upload(admin, GOOD)

    answer = admin.post(CHECK, {"digest": digest(admin)}, follow=True)

    assert "The cables are stored, revision 1." in read(answer)
    assert list(Line.objects.order_by("code").values_list("code", "is_transformer")) == [
        ("l1", False),
        ("l2", True),
    ]
    assert admin.get(CHECK).status_code == 302  # nothing waits any more


def test_an_old_page_does_not_store_another_file(admin, here):
    upload(admin, GOOD)
    old = digest(admin)
    upload(admin, HEAD + "l9,a,z,0.05,0.02,,,\n")

    answer = admin.post(CHECK, {"digest": old})

    assert "Another file was looked at meanwhile" in read(answer)
    assert not Feeder.objects.exists()


def test_without_a_file_there_is_nothing_to_look_at(admin, here):
    assert admin.get(CHECK).headers["location"] == NEW
    assert admin.post(NEW, {}).status_code == 422


def test_a_usual_street_connects_its_homes_at_once(admin, here, home):
    admin.post(NEW, {"usual": "street"})
    admin.post(CHECK, {"digest": digest(admin)})

    assert Household.objects.get().node.code == f"home-{home.pk}"
    assert Feeder.objects.get().source.startswith("assumed")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD + "l1,a,b,.1,.1,,,\nl2,b,c,.1,.1,,,\nl3,c,d,.1,.1,,,\nl4,d,b,.1,.1,,,\n", ("b", "c", "d", "loop", "l2, l3, l4", "open one")),
        (HEAD + "l1,a,b,.1,.1,,,\nl9,y,z,.1,.1,,,\n", ("Nothing joins the lines l9", "add the missing line")),
        (HEAD + "l1,a,b,,.1,,,\n", ("Line l1 has no usable impedance", "r_ohm in ohms")),
        (HEAD + "l1,a,b,0,.1,,,\n", ("Line l1 has no usable impedance", "above zero")),
        (HEAD + "l1,a,b,.1,-1,,,\n", ("Line l1 has no usable impedance", "x_ohm")),
        (HEAD + "l1,a,b,.1,.1,much,,\n", ("Row 3: “much” cannot be its limit_a",)),
        (HEAD + "l1,a,b,.1,.1,nan,,\n", ("Row 3: “nan” cannot be its limit_a",)),
        (HEAD + "l1,a,b,.1,.1,-5,,\n", ("Line l1: “-5.0” cannot be its limit_a",)),
        (HEAD + "l1,a,,.1,.1,,,\n", ("Row 3 does not say its to: add it.",)),
        (HEAD + "l1,a,b,.1,.1,,,\nl1,b,c,.1,.1,,,\n", ("The line l1 is there twice",)),
        ("line,from,to\n", ("lacks the columns r_ohm, x_ohm",)),
        ("fecha;hora;consumo\n", ("none of the known files", "fecha;hora;consumo", "pandapower")),
        ("l1,a,b\n", ("none of the known files",)),
        ('{"fecha": 1}', ("none of the known files", "fecha")),
        ('{"buses": [], "lines": []}', ("The file does not say its transformer",)),
        ('{"buses": 3, "lines": [], "transformer": {}, "name": "x"}', ("The transformer does not say its to",)),
        ("{", ("not JSON from line 1",)),
        (b"\x89PNG\x00", ("no text file",)),
        (PANDAPOWER.replace(b"tap_step_percent", b"tap_something"), ("tap of transformer", "tap_step_percent", "middle")),
        (PANDAPOWER.replace(b"r_ohm_per_km", b"r_ohm_per_mi"), ("Line A has no usable impedance", "r_ohm_per_km")),
        (PANDAPOWER.replace(b"vk_percent", b"vx_percent"), ("The transformer T", "vk_percent")),
        (PANDAPOWER.replace(b"ext_grid", b"ext_gone"), ("exactly one source", "it has 0")),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_element_field_and_cure(admin, here, content, said):
    answer = upload(admin, content)

    page = read(answer)
    assert answer.status_code == 422
    assert [words for words in said if words not in page] == []
    assert not Feeder.objects.exists()


def test_two_transformers_are_named():
    described = json.loads(PANDAPOWER)
    table = described["_object"]["trafo"]["_object"]
    frame = json.loads(table) if isinstance(table, str) else table
    second = [
        f"{value} bis" if column == "name" else value
        for column, value in zip(frame["columns"], frame["data"][0], strict=True)
    ]
    frame["data"].append(second)
    frame["index"].append(7)
    described["_object"]["trafo"]["_object"] = json.dumps(frame)

    with pytest.raises(FeederFault) as refused:
        read_feeder(json.dumps(described).encode())

    assert refused.value.code == "several-transformers"
    assert second[frame["columns"].index("name")] in fault(refused.value)


def test_lines_that_share_a_name_go_by_their_numbers():
    described = json.loads(PANDAPOWER)
    table = described["_object"]["line"]["_object"]
    frame = json.loads(table) if isinstance(table, str) else table
    for row in frame["data"]:
        row[frame["columns"].index("name")] = "NAYY"
    described["_object"]["line"]["_object"] = json.dumps(frame)

    found = read_feeder(json.dumps(described).encode())

    assert len({cable.code for cable in found.cables}) == 3
    assert all(cable.code.startswith("l") for cable in found.cables)


def test_a_branch_that_no_tree_can_hold_is_refused_by_name():
    content = {"type": "input", "data": {"link": [{"id": 5, "from_node": 1, "to_node": 2}]}}

    with pytest.raises(FeederFault) as refused:
        read_feeder(json.dumps(content).encode())

    assert refused.value.facts == {"table": "link", "element": "5"}


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_every_fault_has_words_whatever_it_names(code):
    named = dict.fromkeys(
        ("most_mib", "row", "found", "said", "columns", "count", "transformers", "transformer", "field", "element",
         "table", "bus", "line", "slack", "low", "high", "buses", "lines", "most"), "§"
    )  # fmt: skip

    assert fault(FeederFault(code, **named))


@pytest.mark.parametrize(
    "described", [read_feeder(DEMO.read_bytes()), read_feeder(PANDAPOWER), street(["h1", "h2"]), building([])]
)
def test_azoteas_own_shape_says_everything(described):
    again = from_json(json.loads(json.dumps(as_json(described))))

    assert (again.buses, again.cables, again.root, again.name) == (
        described.buses, described.cables, described.root, described.name,
    )  # fmt: skip
    assert again.slack_pu == pytest.approx(described.slack_pu)
    assert again.transformer.s_va == pytest.approx(described.transformer.s_va)


def test_semicolons_come_with_decimal_commas():
    described = read_feeder(GOOD.replace(",", ";").replace(".", ",").encode())

    assert [(cable.r_ohm, cable.limit_a) for cable in described.cables] == [(0.05, 270.0), (0.05, None)]


def test_what_the_file_leaves_out_and_what_is_assumed_is_said():
    codes = {remark.code: remark for remark in remarks(read_feeder(PANDAPOWER))}

    assert "ring, open" in codes["left-out"].names
    assert {remark.code for remark in remarks(street(["h"]))} >= {"assumed", "zero-sequence"}


def test_a_new_feeder_keeps_the_homes_at_nodes_of_the_same_name(here, home):
    store_feeder(community=here, described=read_feeder(GOOD.encode()))
    connect_homes(community=here, connections=[Connection(home.pk, "b", "a")])
    before = Household.objects.get().node_id, Feeder.objects.get().revision

    feeder = store_feeder(community=here, described=read_feeder((HEAD + "x1,a,b,0.09,0.02,100,,\n").encode()))

    assert (Household.objects.get().node_id, feeder.revision) == (before[0], before[1] + 1)
    assert list(Node.objects.order_by("code").values_list("code", flat=True)) == ["a", "b"]
    assert [line.code for line in feeder_of(here).lines] == ["x1"]


def test_a_feeder_that_would_cut_a_home_off_is_refused_by_its_name(admin, here, home):
    store_feeder(community=here, described=read_feeder(GOOD.encode()))
    connect_homes(community=here, connections=[Connection(home.pk, "c", "a")])
    upload(admin, HEAD + "x1,a,b,0.09,0.02,100,,\n")
    shown = read(admin.get(CHECK))

    answer = admin.post(CHECK, {"digest": digest(admin)}, follow=True)

    for page in (shown, read(answer)):
        assert "Azahar 3 (c)" in page
        assert "Store these cables" not in page
    assert Line.objects.filter(code="l2").exists()
    with pytest.raises(HomeWouldLoseItsNode):
        store_feeder(community=here, described=usual_feeder(community=here, kind="building"))
    assert Feeder.objects.get().revision == 2


def test_homes_are_connected_together_or_not_at_all(admin, here, home):
    other = make.home(here, "Azahar 5", home.contracts.get().tariff)
    store_feeder(community=here, described=read_feeder(GOOD.encode()))
    given = {f"node_{home.pk}": "b", f"phase_{home.pk}": "", f"node_{other.pk}": "", f"phase_{other.pk}": "c"}

    refused = admin.post(HOMES, {**given, f"node_{other.pk}": "nowhere"})
    after_refusal = list(Household.objects.values_list("node", flat=True))
    saved = admin.post(HOMES, given, follow=True)

    assert (refused.status_code, after_refusal) == (422, [None, None])
    assert "The connections are saved." in read(saved)
    assert list(Household.objects.order_by("pk").values_list("node__code", "phase")) == [("b", ""), (None, "c")]
    with pytest.raises(UnknownNode):
        connect_homes(community=here, connections=[Connection(home.pk, "nowhere", "a")])


def test_on_a_large_street_connections_are_typed(admin, here, home, monkeypatch):
    monkeypatch.setattr("community.forms.people.MOST_OPTIONS", 1)
    store_feeder(community=here, described=read_feeder(GOOD.encode()))

    page = read(admin.get(HOMES))
    refused = admin.post(HOMES, {f"node_{home.pk}": "nowhere", f"phase_{home.pk}": "a"})
    admin.post(HOMES, {f"node_{home.pk}": "c", f"phase_{home.pk}": "a"})

    assert '<datalist id="nodes">' in page
    assert "The street has no connection “nowhere”." in read(refused)
    assert Household.objects.get().node.code == "c"


def test_another_communitys_homes_cannot_be_moved(admin, here):
    other = make.community(slug="otra", name="Otra")
    theirs = make.home(other, "Suya", make.tariff())
    store_feeder(community=here, described=read_feeder(GOOD.encode()))

    admin.post(HOMES, {f"node_{theirs.pk}": "b", f"phase_{theirs.pk}": "a"})
    connect_homes(community=here, connections=[Connection(theirs.pk, "b", "a")])

    assert Household.objects.get().node is None


def test_without_cables_no_home_can_be_connected(admin, here, home):
    assert admin.get(HOMES).headers["location"] == NEW
