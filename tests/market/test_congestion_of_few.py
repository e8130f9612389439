"""The congestion log tells rent, limits and fairness of five homes or more, as all sums; of fewer it says so."""

import csv
from datetime import UTC, date, datetime
from unittest.mock import patch

import pytest
from django.test import Client

from community.models import Feeder, Line, Member, Node
from market.queries.congestion import congestion_month
from tests import factories as make
from tests.market.test_congestion_log import binding, member, ordered, slot

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
FIRST = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)
PAGE, SLOT = "/street/congestion/2026-11/", "/slots/2026-11-02T1100Z/"


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW), patch("metering.api.authentication.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    """Twelve homes: three behind a cable of their own, nine at the busbar; two of them on phase a alone."""
    street = make.community()
    feeder = Feeder.objects.create(community=street, name="Azahar", v_min_pu=0.93, v_max_pu=1.07)
    busbar, end = (Node.objects.create(feeder=feeder, code=code) for code in ("busbar", "end"))
    cable = {"code": "L1", "parent": busbar, "child": end}
    Line.objects.create(feeder=feeder, r_ohm=0.1, x_ohm=0.1, limit_a=63, **cable)
    offer = make.tariff()
    for i in range(12):
        home = make.home(street, f"Azahar {i}", offer, member(street, f"m{i}"))
        home.node, home.phase = (end if i < 3 else busbar), ("a" if i in {5, 6} else "bc"[i % 2])
        home.save(update_fields=["node", "phase"])
    return street


@pytest.fixture
def homes(street):
    return list(street.households.order_by("pk"))


def full(street, sellers, buyers, start=FIRST, held=0):
    """A slot in which homes traded through full cables; each seller was held back, too."""
    found = slot(
        street, start, binding("L1", "line", loading_pct=97.25, shadow=30_000, rent=4_000_000),
        binding("busbar", "transformer", "a", loading_pct=96.5, shadow=20_000, rent=3_000_000),
        binding("busbar", "transformer", loading_pct=95.75, shadow=20_000, rent=3_000_000),
        binding("end", "voltage_high", loading_pct=100, shadow=9_000, rent=500_000),
        price=100_000, rent_neur=6_000_000,
    )  # fmt: skip
    for home in sellers:
        ordered(found, home, "sell", "firm", local=100, held=held)
    for home in buyers:
        ordered(found, home, "buy", "firm", local=100)
    return found


def visitor(home):
    client = Client(headers={"accept-language": "en"})
    client.force_login(home.member.user)
    return client


def text(answer):
    return answer.content.decode().replace("\xa0", " ")


def asked(home):
    address = f"/api/v1/metering-points/{make.meter(home).public_id}/congestion?month=2026-11"
    return Client().get(address, headers={"authorization": f"Bearer {make.token(home)}"}).json()


@pytest.mark.parametrize(
    ("sellers", "buyers", "told"), [(5, 5, 6_000_000), (4, 5, None), (5, 4, None), (1, 1, None)]
)
def test_rent_that_few_bought_or_sold_for_is_told_nowhere(street, homes, sellers, buyers, told):
    full(street, homes[:sellers], homes[5 : 5 + buyers])

    page, why = text(visitor(homes[0]).get(PAGE)), text(visitor(homes[0]).get(SLOT))

    assert asked(homes[0])["street"]["rent_neur"] == told
    assert ("paid for room in full cables" in page) is (told is not None)
    assert ("that is congestion rent" in why) is (told is not None)


def test_what_a_month_leaves_of_the_slots_that_are_told_is_a_sum_of_five_or_not_told(street, homes):
    full(street, homes[:5], homes[5:10])
    full(street, homes[:1], homes[5:6], FIRST + make.QUARTER)

    assert congestion_month(street, date(2026, 11, 1)).rent_neur is None


def test_what_runs_through_the_cable_of_few_has_no_figures_but_that_it_was_full(street, homes):
    full(street, homes[:5], homes[5:10])

    told = {(one["kind"], one["phase"]): one for one in asked(homes[7])["elements"]}
    page = text(visitor(homes[7]).get(PAGE))
    file = list(csv.reader(visitor(homes[7]).get(PAGE + "limits.csv").content.decode().splitlines()))

    assert {key: (one["largest_loading_pct"], one["rent_neur"]) for key, one in told.items()} == {
        ("line", ""): (None, None),
        ("transformer", "a"): (None, None),
        ("transformer", ""): (95.75, 3_000_000),
        ("voltage_high", ""): (100, 500_000),
    }
    assert told["line", ""]["congested_minutes"] == 15
    assert "97" not in page.partition("limits-title")[2].partition("</table>")[0]
    assert "“—”: of fewer than five homes" in page
    assert ["L1", "line", "", "15", "", "30000", ""] in file


def test_whoever_sees_the_homes_months_sees_the_limits_whole_and_each_home_that_they_were_looked_at(street, homes):
    full(street, homes[:5], homes[5:10])
    Member.objects.filter(pk=homes[7].member_id).update(role=Member.Role.ADMIN)

    file = list(csv.reader(visitor(homes[7]).get(PAGE + "limits.csv").content.decode().splitlines()))

    assert ["L1", "line", "", "15", "97.2", "30000", "4000000"] in file
    assert homes[0].audit_events.filter(what="held_back_seen").count() == 1


@pytest.mark.parametrize(("count", "known"), [(6, True), (4, False)])
def test_how_evenly_it_fell_to_few_is_told_nowhere(street, homes, count, known):
    full(street, homes[:count], [], held=50)

    fairness = asked(homes[7])["fairness"]

    assert [fairness[name] is not None for name in fairness] == [known] * 5


def test_what_one_home_among_many_gave_up_cannot_be_read_from_how_evenly_it_fell(street, homes):
    ordered(full(street, homes[:6], []), homes[7], "sell", "firm", local=10, held=50)

    fairness = asked(homes[7])["fairness"]

    assert (fairness["jain_passed"], fairness["gini_held"]) == (None, None)
    assert fairness["qos"] is not None
