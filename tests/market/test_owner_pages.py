"""The owner's pages: rules, months, statement, street. Nobody sees another home's."""

import csv
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest

from community.models import Device
from market.agents import HoursRule
from market.models import Mandate
from market.queries.mandates import mandate_terms
from market.services.clear import clear_slot
from market.services.mandates import give_mandate
from market.services.settle import settle_due
from market.services.statements import close_month
from tests import factories as make
from tests.market.test_settling import order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_of_few")]

NOW = make.NOON + timedelta(hours=1)
RULES = {
    "min_sell": "0,09", "max_buy": "0.2", "reserve_pct": "35", "sell_periods": ["P1", "P2"],
    "buy_periods": ["P1", "P2", "P3"], "objective": "savings",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    return make.community(grid_fee_ueur_kwh=5_000)


@pytest.fixture
def homes(street):
    offer = make.tariff()
    return tuple(make.home(street, name, offer, make.member(street, name)) for name in ("Ana", "Bruno"))


@pytest.fixture
def ana(client, homes):
    client.login(username="ana@example.org", password=make.PASSWORD)
    return client


@pytest.fixture
def traded(street, homes):
    slot = make.slot(street)
    order(slot, homes[0], "sell", 1_000, 90_000)
    order(slot, homes[1], "buy", 1_000, 150_000)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    make.read(homes[0], make.NOON, 0, 1_000)
    make.read(homes[1], make.NOON, 1_000, 0)
    settle_due(community=street, at=NOW)
    return slot


def test_rules_are_typed_with_comma_or_point_and_kept_as_whole_numbers(ana, homes):
    make.battery(homes[0])

    assert ana.post("/rules/", RULES).status_code == 302

    given = Mandate.objects.filter(household=homes[0]).latest("valid_from")
    assert (given.min_sell_ueur_kwh, given.max_buy_ueur_kwh, given.reserve_pct) == (90_000, 200_000, 35)
    assert given.sell_periods == ["P1", "P2"]
    assert "0,09" in ana.get("/rules/", headers={"accept-language": "es"}).content.decode()
    assert "0.09" in ana.get("/rules/", headers={"accept-language": "en"}).content.decode()


def test_the_same_rules_again_are_no_new_version(ana, homes):
    make.battery(homes[0])
    for _ in range(2):
        ana.post("/rules/", RULES)

    assert Mandate.objects.filter(household=homes[0]).count() == 2


def test_a_home_without_a_battery_is_not_asked_about_one(ana, homes):
    page = ana.get("/rules/").content.decode()

    assert "reserve_pct" not in page
    assert ana.post("/rules/", RULES).status_code == 302
    assert Mandate.objects.filter(household=homes[0]).latest("valid_from").reserve_pct == 10


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("min_sell", "nine", "such as 0,09"),
        ("min_sell", "-1", "below zero"),
        ("max_buy", "15", "meant in cents"),
        ("reserve_pct", "2", "at least 5 percent"),
        ("reserve_pct", "101", "100 percent at most"),
        ("max_buy", "", "required"),
    ],
)
def test_what_cannot_be_is_explained_beside_the_field_and_not_saved(ana, homes, field, text, says):
    make.battery(homes[0])

    page = ana.post("/rules/", {**RULES, field: text}, headers={"accept-language": "en"})

    assert page.status_code == 422
    assert says in page.content.decode()
    assert Mandate.objects.filter(household=homes[0]).count() == 1


HOURS = {"hours-0-days": "working", "hours-0-begins": "22:00", "hours-0-ends": "06:00", "hours-0-no_trade": "on"}


def test_all_rules_are_kept_and_shown_again(ana, homes):
    make.battery(homes[0])
    Device.objects.create(household=homes[0], kind="ev_charger", name="Coche", charge_w=7_400)
    more = {
        "min_sell_p1": "0,12", "max_buy_p3": "0,08", "cycles": "1,5", "ev_ready": "07:30", "ev_target": "12,5",
        "ev_from": "23:00", "ev_until": "06:45", "valid_through": "2026-12-31",
    }  # fmt: skip

    ana.post("/rules/", {**RULES, **HOURS, **more})

    given = mandate_terms(Mandate.objects.filter(household=homes[0]).latest("valid_from"))
    assert given.hours == (
        HoursRule("P1", min_sell_ueur_kwh=120_000),
        HoursRule("P3", max_buy_ueur_kwh=80_000),
        HoursRule(days="working", from_minute=1_320, to_minute=360, may_trade=False),
    )
    assert (given.cycles_tenths, given.ev_ready_minute, given.ev_target_wh) == (15, 450, 12_500)
    assert (given.ev_from_minute, given.ev_until_minute) == (23 * 60, 6 * 60 + 45)
    assert given.valid_until == datetime(2026, 12, 31, 23, tzinfo=UTC)
    page = ana.get("/rules/", headers={"accept-language": "es"}).content.decode()
    for written in ("0,12", "0,08", "1,5", "07:30", "12,5", "2026-12-31", "22:00", "06:00", "23:00", "06:45"):
        assert f'value="{written}"' in page
    assert page.count('<details class="fold"') == page.count('<details class="fold" open>') == 5
    assert "hasta el 31 de diciembre de 2026" in page


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"ev_from": "23:00"}, "Write both ends"),
        ({"ev_until": "07:00"}, "Write both ends"),
        ({"ev_from": "07:00", "ev_until": "07:00"}, "The hours end when they begin"),
        ({"ev_from": "25:00", "ev_until": "07:00"}, "Write a time such as 22:00"),
    ],
)
def test_hours_of_the_car_have_two_ends(ana, homes, sent, says):
    Device.objects.create(household=homes[0], kind="ev_charger", name="Coche", charge_w=7_400)

    page = ana.post("/rules/", {**RULES, **sent}, headers={"accept-language": "en"})

    assert page.status_code == 422
    assert page.content.decode().count(says) == 1
    assert Mandate.objects.filter(household=homes[0]).count() == 1


def test_what_needs_no_attention_stays_folded(ana, homes):
    page = ana.get("/rules/").content.decode()

    assert page.count('<details class="fold">') == page.count('<details class="fold"') == 3
    assert "ev_ready" not in page


def test_hours_are_removed_by_a_tick(ana, homes):
    ana.post("/rules/", {**RULES, **HOURS})

    with patch("config.clock.now", lambda: NOW + timedelta(minutes=1)):
        ana.post("/rules/", {**RULES, **HOURS, "hours-0-remove": "on"})

    newest = Mandate.objects.filter(household=homes[0]).order_by("-valid_from").first()
    assert mandate_terms(newest).hours == ()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"hours-0-ends": ""}, "Write the time, such as 22:00"),
        ({"hours-0-begins": "25:00"}, "Write a time such as 22:00"),
        ({"hours-0-ends": "22:00"}, "For a whole day write 00:00 twice"),
        ({"hours-0-no_trade": ""}, "Write a price, or tick"),
        ({"hours-0-min_sell": "-1"}, "below zero"),
        ({"min_sell_p1": "nine"}, "such as 0,09"),
        ({"cycles": "0"}, "at least 0,1 cycles"),
        ({"cycles": "1,55"}, "a number such as 1,5"),
        ({"valid_through": "2026-11-22"}, "That day is over"),
        ({"valid_through": "soon"}, "a date such as 31/12/2026"),
    ],
)
def test_a_folded_mistake_is_unfolded_explained_and_not_saved(ana, homes, typed, says):
    make.battery(homes[0])

    page = ana.post("/rules/", {**RULES, **HOURS, **typed}, headers={"accept-language": "en"})

    assert page.status_code == 422
    assert says in page.content.decode()
    assert '<details class="fold" open>' in page.content.decode()
    assert Mandate.objects.filter(household=homes[0]).count() == 1


def test_after_saving_one_sentence_says_what_is_different(ana, homes):
    make.battery(homes[0])
    ana.post("/rules/", RULES)
    english = {"accept-language": "en"}

    with patch("config.clock.now", lambda: NOW + timedelta(minutes=1)):
        changed = ana.post("/rules/", {**RULES, "min_sell": "0,1", "cycles": "1"}, follow=True, headers=english)
        again = ana.post("/rules/", {**RULES, "min_sell": "0,1", "cycles": "1"}, follow=True, headers=english)

    assert (
        "on your agent sells at no less than 0.100\xa0€/kWh and empties the battery at most 1.0 times a day."
        in changed.content.decode()
    )
    assert "Nothing has changed" in again.content.decode()


def test_expired_rules_are_said_at_home_and_renewed_by_saving(ana, homes, traded):
    give_mandate(household=homes[0], given_by=None, at=make.NOON - timedelta(days=3), valid_until=make.NOON)
    english = {"accept-language": "en"}

    at_home = ana.get("/", headers=english).content.decode()
    rules = ana.get("/rules/", headers=english).content.decode()
    renewed = ana.post("/rules/", RULES, follow=True, headers=english).content.decode()

    assert "Your rules have expired" in at_home
    assert "These rules ended with" in rules
    assert "your agent trades again" in renewed
    assert Mandate.objects.filter(household=homes[0]).latest("valid_from").valid_until is None


def test_the_month_grows_and_then_stands(ana, street, homes, traded):
    running = ana.get("/months/2026-11/", headers={"accept-language": "en"}).content.decode()
    close_month(community=street, month=date(2026, 11, 1), at=NOW)
    closed = ana.get("/months/2026-11/", headers={"accept-language": "en"}).content.decode()

    assert "still open" in running
    assert "no longer changes" in closed
    log = ana.get("/months/").context["selected"]
    assert (log.sold_wh, log.bought_wh) == (1_000, 0)


def test_dots_mark_what_is_owed_and_a_simulation_owes_nothing(ana, street, traded):
    played = ana.get("/months/2026-11/", headers={"accept-language": "en"}).content.decode()
    street.legal_mode = "private_settlement"
    street.save()

    owed = ana.get("/months/2026-11/", headers={"accept-language": "en"}).content.decode()

    assert "• Sold to neighbours" not in played
    assert "• Sold to neighbours" in owed


def test_a_statements_day_leads_to_its_slots_and_their_reasons(ana, traded):
    page = ana.get("/months/2026-11/?day=2026-11-23")

    assert [row.address for row in page.context["slots"]] == ["/slots/2026-11-23T1100Z/"]


def test_a_month_without_slots_and_an_impossible_one_are_not_found(ana, traded):
    assert ana.get("/months/2025-01/").status_code == 404
    assert ana.get("/months/2026-13/").status_code == 404


def test_the_month_as_csv_is_plain_numbers(ana, traded):
    answer = ana.get("/months/2026-11.csv")

    (row,) = csv.DictReader(answer.content.decode().splitlines())
    assert (row["sold_wh"], row["export_wh"]) == ("1000", "1000")
    assert answer.headers["content-disposition"] == 'attachment; filename="azotea-2026-11.csv"'


def test_the_street_shows_sums_and_names_nobody(ana, traded):
    page = ana.get("/street/?d=2026-11-23", headers={"accept-language": "en"}).content.decode()

    assert "2 homes" in page
    assert "Bruno" not in page


def test_another_members_home_cannot_be_asked_for(ana, homes, traded):
    assert ana.get(f"/months/?home={homes[1].pk}").status_code == 404
    assert ana.get(f"/?home={homes[1].pk}").status_code == 404
