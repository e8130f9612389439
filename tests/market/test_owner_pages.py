"""The owner's pages: rules, months, statement, street. Nobody sees another home's."""

import csv
from datetime import date, timedelta
from unittest.mock import patch

import pytest

from market.models import Mandate
from market.services.clear import clear_slot
from market.services.settle import settle_due
from market.services.statements import close_month
from tests import factories as make
from tests.market.test_settling import order

pytestmark = pytest.mark.django_db

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


def test_the_month_grows_and_then_stands(ana, street, homes, traded):
    running = ana.get("/months/2026-11/", headers={"accept-language": "en"}).content.decode()
    close_month(community=street, month=date(2026, 11, 1), at=NOW)
    closed = ana.get("/months/2026-11/", headers={"accept-language": "en"}).content.decode()

    assert "still open" in running
    assert "no longer changes" in closed
    log = ana.get("/months/").context["selected"]
    assert (log.sold_wh, log.bought_wh) == (1_000, 0)


def test_a_statements_day_leads_to_its_slots_and_their_reasons(ana, traded):
    page = ana.get("/months/2026-11/?day=2026-11-23")

    assert [row["address"] for row in page.context["slots"]] == ["/slots/2026-11-23T1100Z/"]


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
