"""The street's cables, slot by slot: computed from what was cleared, for every member, without giving anybody away."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils.translation import override

from community.feeder_files import Bus, Cable, FeederFile, Plate
from community.models import Community, Household, Member, Node
from community.services.feeders import store_feeder
from market.addresses import parse_start
from market.models import Outcome, Slot
from market.queries.feeder import cable_tree, day_fills, street_state
from market.services.clear import clear_slot
from market.wording import cables as wording
from tests import factories as make
from tests.factories import NOON, QUARTER
from tests.market.test_settling import order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_of_few")]

AT = NOON + timedelta(hours=1)
STREET = FeederFile(
    "Azahar",
    "t",
    (Bus("t"), Bus("n1"), Bus("n2"), Bus("n3", "Calle Azahar 5")),
    (Cable("l1", ("t", "n1"), 0.1, 0.03, 50.0), Cable("l2", ("n1", "n2"), 0.1, 0.03, 50.0), Cable("l3", ("t", "n3"), 0.1, 0.03)),
    Plate(50_000.0, 0.02, 0.05),
)  # fmt: skip

PLACED = (
    ("Ana", "n1", "abc"),
    ("Bruno", "n2", "b"),
    ("Carmen", "n2", "c"),
    ("Dora", "n3", "a"),
    ("Eva", "", "abc"),
)


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: AT):
        yield


@pytest.fixture
def street():
    community = make.community()
    store_feeder(community=community, described=STREET)
    return community


@pytest.fixture
def homes(street):
    """Ana at n1; Bruno and Carmen behind her at n2, on phases b and c; Dora at n3; Eva's node is not known."""
    offer = make.tariff()
    nodes = {node.code: node for node in Node.objects.all()}
    placed = []
    for name, node, phase in PLACED:
        owner = make.member(street, name) if name in {"Ana", "Dora"} else None
        home = make.home(street, f"Casa de {name}", offer, owner)
        Household.objects.filter(pk=home.pk).update(node=nodes.get(node), phase=phase)
        placed.append(Household.objects.get(pk=home.pk))
    return placed


@pytest.fixture
def cleared(street, homes):
    ana, bruno, carmen, dora, _eva = homes
    slot = make.slot(street)
    order(slot, ana, "sell", 600, 90_000)
    order(slot, bruno, "buy", 1_000, 150_000)
    order(slot, carmen, "buy", 500, 150_000)
    order(slot, dora, "buy", 250, 150_000)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    return Slot.objects.get()


def see(home, query="", language="en"):
    client = Client(headers={"Accept-Language": language})
    client.force_login(home.member.user)
    answer = client.get(f"/street/cables/{query}")
    text = unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).replace("\xa0", " ").replace("\u2060", "")
    return answer, re.sub(r"\s+", " ", text)


def places(street):
    return {node.code: i for i, node in enumerate(cable_tree(street, 0).nodes)}


def test_the_tree_is_in_the_feeders_order_with_its_homes_counted(street, homes):
    tree = cable_tree(street, homes[0].member_id)

    found = [(node.code, node.parent, node.depth, node.homes, node.mine) for node in tree.nodes]
    assert found == [
        ("t", None, 0, 1, ()),
        ("n1", 0, 1, 1, ("Casa de Ana",)),
        ("n2", 1, 2, 2, ()),
        ("n3", 0, 1, 1, ()),
    ]
    assert [(node.cable, node.limit_a) for node in tree.nodes] == [
        ("", None),
        ("l1", 50.0),
        ("l2", 50.0),
        ("l3", None),
    ]


def test_flows_are_the_cleared_energy_by_phase(street, cleared):
    state, at = street_state(cleared), places(street)

    assert state.nodes[at["n2"]].flow_w == pytest.approx((0, 4_000, 2_000))
    assert state.nodes[at["n1"]].flow_w == pytest.approx((-800, 3_200, 1_200))
    assert state.nodes[at["t"]].total_w == pytest.approx(4_600)


def test_loading_is_that_of_the_fullest_phase_and_unknown_without_a_limit(street, cleared):
    state, at = street_state(cleared), places(street)

    behind = state.nodes[at["n2"]]
    assert behind.loading_pct == pytest.approx(100 * max(behind.current_a) / 50)
    assert max(behind.current_a) == pytest.approx(4_000 / 231, rel=0.05)
    assert state.nodes[at["n3"]].loading_pct is None
    assert state.nodes[at["t"]].loading_pct == pytest.approx(100 * 3_200 / (50_000 / 3), rel=0.05)


def test_the_voltage_is_lowest_where_the_fullest_phase_ends(street, cleared):
    state, at = street_state(cleared), places(street)

    assert min(state.nodes, key=lambda node: node.lowest_pu) == state.nodes[at["n2"]]
    assert state.exact
    assert 0 < state.loss_wh < 100


def test_what_no_voltage_can_carry_is_computed_roughly_and_said(street, homes):
    slot = make.slot(street)
    order(slot, homes[1], "buy", 60_000, 150_000)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)

    state = street_state(Slot.objects.get())

    assert not state.exact
    assert state.nodes[2].flow_w == pytest.approx((0, 240_000, 0))
    assert "a rough estimate" in see(homes[0])[1]


def test_a_home_of_unknown_phase_is_computed_with_the_assumed_one(street, cleared):
    Household.objects.filter(name="Casa de Dora").update(phase="", contracted_w=9_200)

    state, at = street_state(cleared), places(street)

    assert state.nodes[at["n3"]].flow_w == pytest.approx((1_000 / 3,) * 3)
    assert "The phase of 1 home is not known" in see(Household.objects.get(name="Casa de Ana"))[1]


def test_a_limit_that_bound_is_marked_where_it_is(street, cleared):
    cleared.bindings = [
        {"element": "l2", "kind": "line", "loading_pct": 100.0, "shadow_ueur_kwh": 1},
        {"element": "n3", "kind": "voltage_low", "loading_pct": 100.0, "shadow_ueur_kwh": 1},
        {"element": "a cable of another time", "kind": "line", "loading_pct": 100.0, "shadow_ueur_kwh": 1},
    ]

    state, at = street_state(cleared), places(street)

    assert [state.nodes[at[code]].bindings for code in ("n1", "n2", "n3")] == [(), ("line",), ("voltage_low",)]


def test_the_day_shows_every_slot_and_prefers_what_was_stored_at_clearing(street, cleared):
    Slot.objects.create(
        community=street, start=NOON + QUARTER, end=NOON + 2 * QUARTER, gate_closure=NOON, status="cleared",
        cleared_at=NOON, price_rule="mid_market", fairness_rule="pro_rata", loading_max_pct=88.0,
    )  # fmt: skip

    fills = day_fills(street, NOON - QUARTER, NOON + 3 * QUARTER)

    state = street_state(cleared)
    fullest = max(node.loading_pct for node in state.nodes if node.loading_pct is not None)
    assert [fill.opened for fill in fills] == [False, True, True, False]
    assert [fill.fullest_pct for fill in fills] == [None, pytest.approx(fullest, abs=0.01), 88.0, None]


def test_a_day_gives_a_hidden_cable_away_no_more_than_a_slot_does(street, cleared):
    Slot.objects.update(loading_max_pct=34.0)  # that of the cable to n2
    tree = [node.code for node in cable_tree(street, 0).nodes]

    (with_hidden,) = day_fills(street, NOON, NOON + QUARTER, [code != "n2" for code in tree])
    (without,) = day_fills(street, NOON, NOON + QUARTER, [True] * len(tree))

    state = street_state(cleared)
    others = [node.loading_pct for node, code in zip(state.nodes, tree, strict=True) if code != "n2"]
    assert with_hidden.fullest_pct == pytest.approx(
        max(25.0, *(loading for loading in others if loading is not None))
    )
    assert without.fullest_pct == 34.0


def test_the_agreed_export_can_be_the_fullest(street, homes):
    Community.objects.update(export_limit_w=1_000)
    slot = make.slot(Community.objects.get())
    order(slot, homes[0], "sell", 250, 50_000)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)

    state = street_state(Slot.objects.select_related("community").get())

    assert state.connection_pct == pytest.approx(100)
    assert "the street's connection to the grid was full, at 100 %" in see(homes[0])[1]


def test_a_past_slot_keeps_the_limits_that_it_opened_with(street, homes):
    Community.objects.update(export_limit_w=1_000)
    slot = make.slot(Community.objects.get())
    Community.objects.update(export_limit_w=100)
    order(slot, homes[0], "sell", 250, 50_000)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    Community.objects.update(export_limit_w=None)

    state = street_state(Slot.objects.select_related("community").get())
    (of_the_day,) = day_fills(Community.objects.get(), NOON, NOON + QUARTER)

    assert Outcome.objects.get().curtailed_wh == 0
    assert state.connection_pct == pytest.approx(100)
    assert of_the_day.fullest_pct == pytest.approx(100)


def test_the_page_says_the_fullest_and_the_tightest_first(street, homes, cleared):
    behind = street_state(cleared).nodes[places(street)["n2"]]

    answer, text = see(homes[0])

    assert answer.status_code == 200
    loading = round(behind.loading_pct)
    assert f"12:00–12:15: the cable to n2 was the fullest, at {loading} % of what it may carry." in text
    volts = f"{round(behind.lowest_pu * 400 / 3**0.5, 1)}"
    assert f"The voltage was tightest at n2: {volts} V, where at least 207.8 V are needed." in text


def test_a_slot_without_any_flow_has_no_fullest_cable_and_names_the_transformer(street, cleared):
    state = street_state(cleared)
    tree, shown = cable_tree(street, 0), [True] * len(state.nodes)
    idle = [replace(node, loading_pct=0.2, lowest_pu=1.0, highest_pu=1.0) for node in state.nodes]
    calm = replace(state, nodes=idle, connection_pct=0.1)

    with override("en"):
        said, tight = wording.sentence(cleared, tree, calm, shown), wording.tightest(tree, calm)

    assert said == "12:00\u2060–\u206012:15: the cables were all but empty."
    assert tight.startswith("The voltage was tightest at the transformer: ")


def test_residents_see_their_own_home_and_no_other_name(homes, cleared):
    _answer, text = see(homes[3])

    assert "yours: Casa de Dora" in text
    for name in ("Ana", "Bruno", "Carmen", "Eva"):
        assert name not in text


def test_a_single_neighbours_cable_shows_its_voltage_but_not_its_power(street, homes, cleared):
    answer, _text = see(homes[0])

    rows = {row.title: row for row in answer.context["table"]}
    assert (rows["n3"].power, rows["n3"].current, rows["n3"].arrow, rows["n3"].phases) == ("", "", "", ())
    assert rows["n3"].voltage
    assert rows["n2"].power == "6.0\xa0kW"


def test_of_two_cables_whose_difference_is_one_neighbours_only_one_is_a_figure(street, homes, cleared):
    answer, _text = see(homes[3])  # between l1 and l2 there is Ana alone

    rows = {row.title: row for row in answer.context["table"]}
    assert [bool(rows[code].power) for code in ("n1", "n2")].count(True) == 1


def test_an_administrator_sees_every_cable_by_phase(street, homes, cleared):
    Member.objects.filter(pk=homes[0].member_id).update(role=Member.Role.ADMIN)

    answer, text = see(homes[0])

    rows = {row.title: row for row in answer.context["table"]}
    assert rows["n3"].phases == ("1.0\xa0kW", "0.0\xa0kW", "0.0\xa0kW")
    assert "As an administrator you see every cable's figures." in text


def test_an_open_slot_says_that_nothing_is_known(street, homes):
    make.slot(street, AT)

    _answer, text = see(homes[0])

    assert "13:00–13:15: not cleared yet, so nothing is known about the cables." in text


@pytest.mark.parametrize(
    "written",
    ["2026-11-23T1100Z", "2026-11-23T11:00:00%2B00:00", "2026-11-23T12:00:00%2B01:00", "2026-11-23T11:00"],
)
def test_a_slot_is_named_by_its_start(homes, cleared, written):
    make.slot(homes[0].community, NOON + QUARTER)

    assert "12:00–12:15" in see(homes[0], f"?t={written}")[1]


def test_what_names_no_slot_shows_the_latest_and_what_never_was_is_not_found(homes, cleared):
    assert see(homes[0], "?t=yesterday")[0].status_code == 200
    assert see(homes[0], "?t=2031-01-01T0000Z")[0].status_code == 404


def test_a_start_that_is_no_instant_is_none():
    assert parse_start("2026-13-01T0000Z") is None
    assert parse_start(None) is None
    assert parse_start("2026-11-23T1100Z") == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_slots_lead_to_each_other_and_the_strip_to_all_of_the_day(homes, cleared):
    make.slot(homes[0].community, NOON + QUARTER)

    answer, _text = see(homes[0], "?t=2026-11-23T1100Z")

    page = answer.content.decode()
    assert 'rel="next" href="/street/cables/?t=2026-11-23T1115Z"' in page
    assert page.count(' tabindex="-1" title=') == 96
    assert page.count("?t=2026-11-23T1115Z") >= 2
    assert "?t=2026-11-23T1130Z" not in page  # the market has not opened it


def test_without_cables_the_page_says_who_can_bring_them(client):
    community = make.community()
    ana = make.home(community, "Casa", make.tariff(), make.member(community, "Ana"))

    _answer, text = see(ana)

    assert "Nobody has described the cables yet" in text
    assert "An administrator of your community can bring the cables in." in text


def test_a_large_streets_table_comes_in_pages(homes, cleared, street):
    Household.objects.update(node=None)
    chain = [Bus("t"), *(Bus(f"n{i}") for i in range(1, 200))]
    cables = tuple(Cable(f"l{i}", ("t", f"n{i}"), 0.1, 0.03, 50.0) for i in range(1, 200))
    store_feeder(community=street, described=FeederFile("Larga", "t", tuple(chain), cables))

    answer, text = see(homes[0], "?t=2026-11-23T1100Z&p=4")

    assert "page 4 of 4" in text
    assert len(answer.context["table"]) == 50
    assert len(answer.context["rows"]) < 20
    assert "connections are not drawn" in text


def test_the_street_page_leads_to_the_cables(homes, cleared):
    client = Client()
    client.force_login(homes[0].member.user)

    assert "/street/cables/" in client.get("/street/").content.decode()


def test_visitors_are_asked_to_log_in(client, street):
    assert client.get("/street/cables/").headers["location"] == "/login/?next=/street/cables/"


def test_another_communitys_slots_and_cables_stay_its_own(homes, cleared):
    other = make.community(slug="otra", name="Otra")
    eva = make.home(other, "Casa de Eva", homes[0].contracts.get().tariff, make.member(other, "Eva"))

    assert "Nobody has described" in see(eva)[1]


def test_the_page_asks_little_of_the_database(homes, cleared, django_assert_max_num_queries):
    client = Client()
    client.force_login(homes[0].member.user)

    with django_assert_max_num_queries(24):
        client.get("/street/cables/")
