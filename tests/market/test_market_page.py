"""The market page: prices cleared and expected as other pages say them, and orders without names."""

from datetime import timedelta
from itertools import pairwise
from unittest.mock import patch

import pytest
from django.test import Client

from community.anonymity import FEWEST_HOMES
from market.cheapest import Source
from market.models import Slot
from market.queries.day import day_slots
from market.queries.market_day import market_day, told_slot
from market.queries.slot import book
from market.queries.when import ahead
from market.services.clear import clear_slot
from market.services.slots import open_slots
from tests import factories as make
from tests.market.test_rent_and_pool import cleared, usual

pytestmark = pytest.mark.django_db

NOON, QUARTER = make.NOON, make.QUARTER
NOW = NOON + timedelta(minutes=20)
A_DAY = timedelta(days=1)
MIDNIGHT = NOON - timedelta(hours=12)


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    return make.community(slot_minutes=15)


@pytest.fixture
def homes(street):
    offer = make.tariff()
    return [make.home(street, name, offer, make.member(street, name)) for name in ("Ana", "Bruno", "Carla")]


def seen(home, query="", language="en"):
    client = Client(headers={"accept-language": language})
    client.force_login(home.member.user)
    return client.get(f"/market/{query}")


def text(answer):
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


def test_what_is_to_come_is_priced_as_the_cheapest_start_is(street, homes):
    cleared(street, usual(homes), NOON - A_DAY + timedelta(hours=2), price=80_000)
    cleared(street, usual(homes), NOON, price=100_000)

    day = market_day(homes[0], MIDNIGHT, MIDNIGHT + A_DAY, NOW)

    by_start = {slot.start: slot for slot in day}
    assert len(day) == 96
    assert (by_start[NOON].price_ueur_kwh, by_start[NOON].expected) == (100_000, False)
    later = by_start[NOON + timedelta(hours=2)]
    assert (later.price_ueur_kwh, later.source) == (80_000, Source.DAY_BEFORE)
    coming = {slot.start: slot for slot in ahead(homes[0], NOON + QUARTER * 2, MIDNIGHT + A_DAY, NOW).slots}
    for start, slot in coming.items():
        assert (by_start[start].price_ueur_kwh, by_start[start].source) == (slot.price_ueur_kwh, slot.source)
    over = [slot for slot in day if slot.start < NOON]
    assert {slot.price_ueur_kwh for slot in over} == {None}, "what was never cleared is not made up afterwards"


def test_home_expects_the_same_prices_as_the_market(street, homes):
    cleared(street, usual(homes), NOON - A_DAY + timedelta(hours=2), price=80_000)
    cleared(street, usual(homes), NOON - A_DAY + timedelta(hours=7), price=400_000)

    own = day_slots(homes[0], MIDNIGHT, MIDNIGHT + A_DAY, NOW)

    there = {slot.start: slot.price_ueur_kwh for slot in market_day(homes[0], MIDNIGHT, MIDNIGHT + A_DAY, NOW)}
    ahead_of_now = [slot for slot in own if slot.start >= NOW]
    assert [slot.price_expected_ueur_kwh for slot in ahead_of_now] == [there[slot.start] for slot in ahead_of_now]
    assert {slot.price_expected_ueur_kwh for slot in own if slot.start < NOW} == {None}


def test_the_page_says_the_price_now_and_the_cheapest_hour_ahead(street, homes):
    cleared(street, usual(homes), NOON + QUARTER - A_DAY * 1 + timedelta(hours=5, minutes=-15), price=61_000)
    cleared(street, usual(homes), NOON + QUARTER, price=100_000)

    page = text(seen(homes[0]))

    assert 'Right now energy costs <span class="nowrap">0.100 €/kWh</span> between neighbours.' in page
    assert "The cheapest hour ahead begins at" in page
    assert "Tomorrow, as far as it is known" in page
    assert page.count('<figure aria-labelledby="day-') == 2
    assert "/slots/2026-11-23T1115Z/#what-if" in page


def test_a_day_gone_by_has_no_tomorrow_and_tells_of_its_busiest_slot(street, homes):
    quiet = cleared(street, usual(homes), NOON - A_DAY, price=80_000)
    busy = cleared(street, usual(homes), NOON - A_DAY + QUARTER, price=90_000)
    Slot.objects.filter(pk=quiet.pk).update(traded_wh=10)

    page = text(seen(homes[0], "?d=2026-11-22"))

    assert "from 0.080 €/kWh to 0.090 €/kWh" in page
    assert "Tomorrow, as far" not in page
    assert "Orders being taken" not in page
    assert "/slots/2026-11-22T1115Z/" in page.split("What was on offer")[1]
    day = market_day(homes[0], MIDNIGHT - A_DAY, MIDNIGHT, NOW)
    assert told_slot(day, NOW) == busy.start


def test_of_few_homes_no_sum_is_told_and_no_neighbours_limit(street, homes):
    cleared(street, usual(homes), NOON + QUARTER)

    page = text(seen(homes[1]))

    assert "Fewer than five homes were buying." in page
    assert "Fewer than five homes were selling." in page
    assert "at least" not in page.split("What was on offer")[1].split("What your agent")[0]
    assert "Shared among neighbours" not in page
    assert "you, too" in page


def test_of_five_homes_the_sums_stand_in_a_sentence(street, homes, monkeypatch):
    monkeypatch.setattr("community.anonymity.FEWEST_HOMES", 2)
    cleared(street, usual(homes), NOON + QUARTER)

    page = text(seen(homes[1], language="es"))

    assert "2 hogares pagarían entre" in page
    assert "Compartida entre vecinos" in page


def test_orders_that_are_being_taken_are_shown_to_whom_they_belong_only(street, homes):
    make.history(homes[0], -700)
    open_slots(community=street, first=NOON + QUARTER * 4, until=NOON + QUARTER * 5)
    slot = street.slots.get()
    slot.orders.create(
        household=homes[0], mandate=homes[0].mandates.latest("valid_from"), side="sell", kind="firm",
        energy_wh=777, limit_ueur_kwh=60_000, retailer_ueur_kwh=50_000, placed_at=NOW,
    )  # fmt: skip

    own, other = text(seen(homes[0])), text(seen(homes[1]))

    assert "orders are taken until" in own
    assert "orders are taken until" in other
    assert "0.78 kWh" in own or "777 Wh" in own or "0.777 kWh" in own
    assert "777" not in other
    assert "0.78 kWh" not in other
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)


def test_without_prices_and_without_a_market_the_page_says_what_is_missing(street):
    home = make.home(street, "Azahar 9", make.tariff(), make.member(street, "Eva"))
    home.contracts.all().delete()

    page = text(seen(home))

    assert "Nothing changes hands just now." in page
    assert "Nothing is known of" in page
    assert "No slot of this day has been cleared yet" in page


def test_a_member_without_a_home_is_led_to_the_street_and_a_stranger_to_the_door(street, client):
    client.force_login(make.member(street, "Lola").user)
    assert client.get("/market/").headers["location"] == "/street/"
    client.logout()
    assert client.get("/market/").status_code == 302


@pytest.mark.parametrize("homes", [3, 5, 7, 9, 11, 16])
def test_however_many_homes_ask_each_is_in_one_row_and_no_row_is_of_few(street, homes):
    offer = make.tariff()
    asking = [make.home(street, f"Azahar {n}", offer, make.member(street, f"Vecina {n}")) for n in range(homes)]
    trades = [(home, "buy", 100 + n, 100_000 + 1_000 * n, 0, 0) for n, home in enumerate(asking)]
    slot = cleared(street, trades, NOON)

    rows = book(slot, asking[0])

    assert sum(row.homes for row in rows) == homes
    if homes >= FEWEST_HOMES:
        assert all(row.homes >= FEWEST_HOMES for row in rows)
        assert sum(row.energy_wh for row in rows) == sum(100 + n for n in range(homes))
    edges = [(row.high_ueur_kwh, row.low_ueur_kwh) for row in rows]
    assert edges == sorted(edges, reverse=True)
    assert all(low > high for (_, low), (high, _) in pairwise(edges)), "no price is in two rows"
    assert seen(asking[0]).status_code == 200
