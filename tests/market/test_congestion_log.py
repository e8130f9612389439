"""The congestion log: a month whose figures a hand can check, and who may see what of it."""

import csv
import re
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.test import Client

from community.models import Community, Feeder, Member, Node, User
from market.models import Order, Outcome, Slot, Trade
from market.queries.congestion import congestion_month
from market.queries.held_back import Held, HomeLog, price_parts
from market.wording.congestion_homes import home_rows
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_of_few")]

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
NOVEMBER = date(2026, 11, 1)
FIRST = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)  # November begins in Madrid
ADDRESS = "/street/congestion/2026-11/"


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW), patch("metering.api.authentication.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    street = make.community(grid_fee_ueur_kwh=5_000, rent_rule="equal")
    feeder = Feeder.objects.create(community=street, name="Azahar", v_min_pu=0.93, v_max_pu=1.07)
    Node.objects.create(feeder=feeder, code="busbar")
    return street


@pytest.fixture
def homes(street):
    offer = make.tariff()
    return {
        "ana": make.home(street, "Azahar 1", offer, member(street, "ana")),
        "bruno": make.home(street, "Azahar 3", offer, member(street, "bruno")),
        "carla": make.home(street, "Azahar 5", offer, member(street, "carla", Member.Role.ADMIN)),
    }


def member(street, name, role=Member.Role.RESIDENT):
    """Somebody without a password, since hashing one takes longer than a whole test."""
    user = User.objects.create_user(f"{name}@example.org", name=name)
    return Member.objects.create(community=street, user=user, role=role, joined_at=street.created_at)


def binding(element, kind, phase="", loading_pct=100.0, shadow=0, rent=0):
    return {
        "element": element,
        "kind": kind,
        "phase": phase,
        "loading_pct": loading_pct,
        "shadow_ueur_kwh": shadow,
        "rent_neur": rent,
    }


def slot(street, start, *bindings, price=None, **facts):
    return Slot.objects.create(
        community=street,
        start=start,
        end=start + make.QUARTER,
        gate_closure=start - timedelta(minutes=5),
        **{
            "status": Slot.Status.CLEARED,
            "cleared_at": start,
            "price_ueur_kwh": price,
            "grid_fee_ueur_kwh": street.grid_fee_ueur_kwh,
            "price_rule": "equilibrium_midpoint",
            "fairness_rule": "capped",
            "curtailment_cap_pct": 7,
            "bindings": list(bindings),
            **facts,
        },
    )


def ordered(slot, home, side, kind, local=0, retailer=0, held=0, lost=0, rest=0, facts=None):
    """An order of `local + retailer + held + rest` Wh with what became of it."""
    order = Order.objects.create(
        slot=slot,
        household=home,
        mandate=home.mandates.get(),
        side=side,
        kind=kind,
        energy_wh=local + retailer + held + rest,
        limit_ueur_kwh=100_000,
        retailer_ueur_kwh=50_000 if side == "sell" else 200_000,
        placed_at=slot.gate_closure,
    )
    Outcome.objects.create(
        order=order, slot=slot, local_wh=local, retailer_wh=retailer, curtailed_wh=held, lost_neur=lost,
        reason="filled", facts=facts or {},
    )  # fmt: skip
    if local:
        Trade.objects.create(
            order=order, slot=slot, household=home, side=side, energy_wh=local, price_ueur_kwh=slot.price_ueur_kwh
        )


@pytest.fixture
def month(street, homes):
    """Three congested quarters of an hour, one that hardly was, and two of other months."""
    ana, bruno, carla = homes["ana"], homes["bruno"], homes["carla"]
    noon = slot(
        street, FIRST, binding("T", "transformer", "a", shadow=30_000, rent=5_000_000),
        binding("L1", "line", loading_pct=99.5), price=100_000, rent_neur=6_000_000, reclears=1, loss_wh=20,
        voltage_min_pu=0.99, voltage_max_pu=1.06, loading_max_pct=100.0,
    )  # fmt: skip
    ordered(noon, ana, "sell", "firm", local=400, retailer=300, held=300, lost=15_000_000)
    ordered(noon, bruno, "buy", "firm", local=400)
    after = slot(
        street, FIRST + make.QUARTER, binding("T", "transformer", "b", loading_pct=90, shadow=-2_000, rent=10**6),
        price=120_000, rent_neur=10**6, voltage_min_pu=0.96, voltage_max_pu=1.0, loading_max_pct=90.0,
    )  # fmt: skip
    ordered(after, ana, "sell", "firm", local=300)
    ordered(after, bruno, "buy", "flexible", local=300, held=200, lost=4_000_000)
    hardly = slot(
        street, FIRST + timedelta(days=3), binding("L2", "line", loading_pct=98.0, shadow=900), loss_wh=5
    )
    ordered(hardly, bruno, "buy", "flexible", rest=500)
    night = slot(street, MIDNIGHT, binding("N3", "voltage_high", "c", shadow=5_000), emergency=True)
    ordered(night, carla, "sell", "firm", retailer=600, held=400, lost=10_000_000)
    for elsewhere in (MIDNIGHT - make.QUARTER, datetime(2026, 11, 30, 23, 0, tzinfo=UTC)):
        other = slot(street, elsewhere, binding("T", "transformer"))
        ordered(other, carla, "sell", "firm", held=9_999)
    still_open = slot(street, NOW + make.QUARTER, status="open", cleared_at=None)
    Order.objects.create(
        slot=still_open, household=ana, mandate=ana.mandates.get(), side="sell", kind="firm", energy_wh=7_777,
        limit_ueur_kwh=0, retailer_ueur_kwh=1, placed_at=NOW,
    )  # fmt: skip


def visitor(home, language="en"):
    client = Client(headers={"accept-language": language})
    client.force_login(home.member.user)
    return client


def text(response):
    return response.content.decode().replace("\u00a0", " ").replace("&#x27;", "'")


def rows(response):
    return list(csv.reader(response.content.decode().splitlines()))


def test_hours_count_by_limit_and_once_for_the_street(street, month):
    log = congestion_month(street, NOVEMBER).log

    assert log.congested == 3 * make.QUARTER
    assert log.days == {date(2026, 11, 1): make.QUARTER, date(2026, 11, 2): 2 * make.QUARTER}
    assert {(e.element, e.phase): (e.congested, e.loading_pct, e.rent_neur) for e in log.elements} == {
        ("T", "a"): (make.QUARTER, 100, 5_000_000),
        ("T", "b"): (make.QUARTER, 90, 1_000_000),
        ("L1", ""): (make.QUARTER, 99.5, 0),
        ("L2", ""): (timedelta(), 98, 0),
        ("N3", "c"): (make.QUARTER, 100, 0),
    }
    assert (log.rent_neur, log.loss_wh, log.cleared_again, log.emergencies) == (7_000_000, 25, 1, 1)
    assert (log.voltage_min_pu, log.voltage_max_pu, log.loading_max_pct) == (0.96, 1.06, 100)


def test_what_was_held_back_is_split_by_what_it_was(street, month):
    total = congestion_month(street, NOVEMBER).total

    assert (total.sun.held_wh, total.sun.asked_wh) == (700, 2_300)
    assert (total.wishes.held_wh, total.wishes.asked_wh) == (200, 1_000)
    assert (total.battery.held_wh, total.battery.share_pct) == (0, None)
    assert total.lost_neur == 29_000_000


def test_what_few_asked_for_or_were_held_back_is_in_no_sum(homes, month):
    found = congestion_month(homes["ana"].community, NOVEMBER)

    told = ask(homes["ana"]).json()["street"]
    page = text(visitor(homes["ana"]).get(ADDRESS))

    assert found.total.wishes == Held(200, 1_000), "of one home"
    assert (told["wishes"], told["battery"]) == (None, {"held_wh": 0, "asked_wh": 0})
    assert (told["sun"], told["lost_neur"]) == ({"held_wh": 700, "asked_wh": 2_300}, 29_000_000)
    assert "Wishes that could wait, not served" not in page.partition("held-title")[2]
    assert "of 2.3 kWh asked for" in page.replace("\xa0", " ")


def test_each_home_has_its_part_and_its_mean_prices(street, homes, month):
    found = congestion_month(street, NOVEMBER)
    ana, bruno = found.home(homes["ana"]), found.home(homes["bruno"])

    assert (ana.held.held_wh, ana.lost_neur, ana.passed_share) == (300, 15_000_000, 1_000 / 1_300)
    assert (ana.sold_wh, ana.earned_neur) == (700, 400 * 95_000 + 300 * 115_000)
    assert (bruno.bought_wh, bruno.paid_neur, bruno.sold_ueur_kwh) == (700, 400 * 100_000 + 300 * 120_000, None)
    assert (found.rule, found.cap_pct) == ("capped", 7)


def test_fairness_of_the_month(street, month):
    fairness = congestion_month(street, NOVEMBER).fairness

    passed = [10 / 13, 7 / 9, 6 / 10]
    held = sorted(1 - share for share in passed)
    assert fairness.jain_passed == pytest.approx(sum(passed) ** 2 / (3 * sum(x * x for x in passed)))
    assert fairness.gini_held == pytest.approx(2 * (held[2] - held[0]) / (3 * sum(held)))
    assert fairness.qos == pytest.approx(1_400**2 / (3 * 2 * 700**2))
    assert fairness.qoe == pytest.approx(1 - 2_500 / 75_000)
    assert fairness.min_over_max == pytest.approx(72.5 / 76)


def test_a_slot_cleared_later_is_in_the_next_answer(street, homes, month):
    before = congestion_month(street, NOVEMBER).total.sun.held_wh

    later = slot(street, FIRST + timedelta(days=9), binding("T", "transformer"), cleared_at=NOW)
    ordered(later, homes["ana"], "sell", "firm", held=50)

    assert congestion_month(street, NOVEMBER).total.sun.held_wh == before + 50


def test_the_month_takes_a_handful_of_queries(street, month, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        congestion_month(street, NOVEMBER)


def test_parts_of_prices_are_means_by_energy_where_they_were_kept(street, homes, month):
    parts = {
        "energy_ueur_kwh": 90_000,
        "congestion_ueur_kwh": 20_000,
        "voltage_ueur_kwh": -5_000,
        "fee_ueur_kwh": 5_000,
    }
    for n, (local, congestion) in enumerate(((100, 20_000), (300, 40_000))):
        local_slot = slot(street, FIRST + timedelta(days=10, hours=n), price=110_000, price_rule="locational")
        facts = {**parts, "congestion_ueur_kwh": congestion}
        ordered(local_slot, homes["bruno"], "buy", "firm", local=local, facts=facts)
    found = congestion_month(street, NOVEMBER)

    told = price_parts([homes["ana"], homes["bruno"]], found.start, found.end)

    assert list(told) == [homes["bruno"].pk]
    (bought,) = told[homes["bruno"].pk]
    assert (bought.side, bought.energy_wh) == ("buy", 400)
    assert bought.parts_ueur_kwh == {"energy": 90_000, "congestion": 35_000, "voltage": -5_000, "fee": 5_000}
    assert "energy 0.090 €/kWh, congestion 0.035 €/kWh, voltage −0.005 €/kWh" in text(
        visitor(homes["bruno"]).get(ADDRESS)
    )


def test_the_page_says_first_what_the_month_came_to(homes, month):
    page = text(visitor(homes["ana"]).get("/street/congestion/"))

    assert (
        "So far in November the street's cables have been full for 0.75 h; "
        "0.70 kWh of sun stayed on the roofs, 30.4 % of it." in page
    )
    assert "Voltage at N3, upper limit" in page
    assert "It goes back to the homes, the same to each." in page
    assert "106.0 %; 1.0 % inside its limit" in page
    assert "no home should lose more than 7 % of its month" in page
    assert page.count('class="bar full"') == 2


def test_the_picture_of_the_days_is_said_in_a_sentence_beside_its_table(homes, month):
    page = text(visitor(homes["ana"]).get("/street/congestion/"))

    figure = page[page.index("<figure") : page.index("</section>", page.index("<figure"))]
    assert re.search(
        r"<figcaption[^>]*>Cables were full on \d days?, longest on \d+ November: [\d.]+ h\.<", figure
    )
    assert "<tbody><tr>" in figure


def test_the_page_speaks_spanish(homes, month):
    page = text(visitor(homes["ana"], "es").get(ADDRESS))

    assert "los cables de la calle han estado llenos 0,75 h" in page
    assert "Tensión en N3, límite superior" in page


def test_a_resident_sees_only_the_own_home(homes, month):
    page = text(visitor(homes["ana"]).get(ADDRESS))

    assert "0.30 kWh of yours was held back, 23.1 % of what you asked for." in page
    assert "It would have brought you 0.02 €" in page
    assert "Azahar 3" not in page
    assert "Home by home" not in page
    assert visitor(homes["ana"]).get(ADDRESS + "homes.csv").status_code == 403


def test_figures_that_differ_from_other_pages_say_what_they_rest_on(homes, month):
    page = text(visitor(homes["ana"]).get(ADDRESS))

    assert "Mean price of what you sold, as cleared" in page
    assert "Fullest cable or transformer, the connection to the grid apart" in page


def test_an_administrator_sees_every_home(homes, month):
    client = visitor(homes["carla"])

    page = text(client.get(ADDRESS))
    table = rows(client.get(ADDRESS + "homes.csv"))

    assert "Home by home" in page
    assert "Azahar 3" in page
    assert table[1] == ["Azahar 1", "300", "1300", "300", "0", "0", "15000000", "0", "", "700", "103571"]
    assert [row[0] for row in table[1:]] == ["Azahar 1", "Azahar 3", "Azahar 5"]


def test_the_limits_as_csv(homes, month):
    table = rows(visitor(homes["ana"]).get(ADDRESS + "limits.csv"))

    assert table[0][:4] == ["element", "kind", "phase", "congested_minutes"]
    assert ["T", "transformer", "a", "15", "100.0", "30000", "5000000"] in table
    assert len(table) == 6


def test_another_community_sees_nothing_of_it(homes, month):
    other = make.community(slug="otra", name="Otra", export_limit_w=1_000)
    stranger = member(other, "olga", Member.Role.ADMIN)
    client = Client(headers={"accept-language": "en"})
    client.force_login(stranger.user)

    assert "There was no market in November 2026." in text(client.get(ADDRESS))
    assert len(rows(client.get(ADDRESS + "limits.csv"))) == len(rows(client.get(ADDRESS + "homes.csv"))) == 1


@pytest.mark.parametrize("file", ["", "limits.csv", "homes.csv"])
def test_visitors_are_asked_to_log_in(client, homes, month, file):
    answer = client.get(ADDRESS + file)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")


def test_a_month_with_room_is_good_news(street, homes):
    ordered(slot(street, FIRST, price=100_000), homes["ana"], "sell", "firm", local=100)

    page = text(visitor(homes["ana"]).get(ADDRESS))

    assert "So far in November the street's cables have always had room." in page
    assert "Nothing of yours was held back." in page
    assert "No limit was reached in this month." in page
    assert "Jain" not in page


def test_a_month_to_come_and_one_that_never_was(homes):
    client = visitor(homes["ana"])

    assert "December 2026 has not begun." in text(client.get("/street/congestion/2026-12/"))
    for address in ("2026-13", "0-1", "2026-0", "99999-1"):
        assert client.get(f"/street/congestion/{address}/").status_code == 404


def test_where_no_cables_are_known_the_page_says_who_can_help(street, homes):
    Node.objects.all().delete()
    Feeder.objects.all().delete()
    slot(street, FIRST, price=100_000)

    page = text(visitor(homes["ana"]).get(ADDRESS))

    assert "Nobody knows yet how much the street's cables can carry." in page
    assert "Once an administrator has loaded the plan" in page


def test_the_street_page_leads_to_the_month(homes, month):
    assert f'href="{ADDRESS}"' in text(visitor(homes["ana"]).get("/street/?d=2026-11-02"))


def test_months_are_a_step_apart_from_the_first_slot_to_now(homes, month):
    page = text(visitor(homes["ana"]).get(ADDRESS))

    assert 'href="/street/congestion/2026-10/"' in page
    assert "2026-09" not in page
    assert 'href="/street/congestion/2026-12/"' not in page


def ask(home, month="2026-11", owner=None):
    address = f"/api/v1/metering-points/{make.meter(home).public_id}/congestion?month={month}"
    return Client().get(address, headers={"authorization": f"Bearer {make.token(owner or home)}"})


def test_the_api_tells_the_street_in_sums_and_the_home_by_itself(homes, month):
    told = ask(homes["ana"]).json()

    assert told["street"]["congested_minutes"] == 45
    assert told["street"]["sun"] == {"held_wh": 700, "asked_wh": 2_300}
    assert told["home"]["sun"] == {"held_wh": 300, "asked_wh": 1_300}
    assert (told["home"]["mean_sold_ueur_kwh"], told["home"]["mean_bought_ueur_kwh"]) == (103_571, None)
    assert told["fairness"]["qos"] == pytest.approx(2 / 3)
    assert {row["element"] for row in told["elements"]} == {"T", "L1", "L2", "N3"}
    assert (told["month"], told["start"], told["fairness_rule"]) == (
        "2026-11",
        "2026-11-01T00:00:00+01:00",
        "capped",
    )
    assert "Azahar" not in str(told)


def test_the_api_refuses_what_is_no_month_and_whose_meter_it_is_not(homes, month):
    assert ask(homes["ana"], "2026-13").json()["detail"] == "month: Envía un mes como 2026-10."
    assert ask(homes["ana"], owner=homes["bruno"]).status_code == 404


def test_the_api_wants_the_scope(homes, month):
    from metering.models import ApiToken

    token = make.token(homes["ana"])
    ApiToken.objects.update(scopes=["readings:read"])
    address = f"/api/v1/metering-points/{make.meter(homes['ana']).public_id}/congestion?month=2026-11"

    answer = Client().get(address, headers={"authorization": f"Bearer {token}"})

    assert answer.status_code == 403
    assert "plans:read" in answer.json()["detail"]
    assert Client().get(address).status_code == 401


def test_stored_bindings_of_before_phases_and_rent_are_read_too(street, homes):
    old = {"element": "T", "kind": "transformer", "loading_pct": 100.0, "shadow_ueur_kwh": 2_000}
    slot(street, FIRST, old)

    (element,) = congestion_month(Community.objects.get(), NOVEMBER).log.elements

    assert (element.phase, element.rent_neur, element.congested) == ("", 0, make.QUARTER)


def test_homes_that_gave_up_alike_stand_in_the_order_of_the_street():
    homes = [HomeLog(1, "Azahar 3"), HomeLog(2, "Azahar 11")]

    rows = home_rows(homes)

    assert [row.name for row in rows] == ["Azahar 3", "Azahar 11"]
