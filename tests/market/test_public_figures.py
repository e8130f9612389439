"""The street's figures for everybody: only where they were opened, only sums, only of five homes and more."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.cache import cache

from market.models import SettledHome
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import renew_forecasts
from market.services.settle import settle_due
from market.services.slots import open_slots
from tests import factories as make

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LATER = make.NOON + DAY


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: LATER):
        yield


def lived(homes, sellers=5, **facts):
    """A street of so many homes, the first of which sell for an hour."""
    street = make.community(**{"figures_public": True, **facts})
    offer = make.tariff()
    made = [make.home(street, f"Azahar {i}", offer) for i in range(homes)]
    for number, home in enumerate(made):
        make.history(home, -700 if number < sellers else 300, until=make.NOON - 2 * make.QUARTER)
    an_hour(street, sellers, make.NOON)
    return street


def an_hour(street, sellers, noon):
    """The first so many homes give what they have over, the others take, from noon to one."""
    renew_forecasts(community=street, at=noon - timedelta(minutes=10))
    open_slots(community=street, first=noon, until=noon + timedelta(hours=1))
    for slot in street.slots.filter(start__gte=noon).order_by("start"):
        place_orders(slot_id=slot.pk, at=slot.gate_closure - timedelta(minutes=5))
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
        for number, home in enumerate(street.households.order_by("pk")):
            make.read(home, slot.start, *((0, 700) if number < sellers else (300, 0)))
    settle_due(community=street, at=noon + timedelta(hours=2))


def test_the_sums_are_those_that_were_settled(client):
    lived(10)

    answer = client.get("/c/calle/", headers={"accept-language": "en"})

    month = answer.context["month"]
    rows = SettledHome.objects.filter(is_current=True)
    assert month.homes == 10
    assert month.sold_wh == sum(row.sold_wh for row in rows) > 0
    assert month.export_wh == 5 * 4 * 700
    assert month.used_pct == 100 * month.sold_wh / 14_000
    assert month.low_ueur_kwh <= month.high_ueur_kwh
    assert answer.context["year"] == month
    said = answer.content.decode()
    assert "Azahar" not in said
    assert "CO2" not in said


def test_of_fewer_than_five_homes_nothing_is_shown(client):
    lived(4, sellers=0)

    answer = client.get("/c/calle/")

    assert answer.status_code == 200
    assert (answer.context["month"], answer.context["year"]) == (None, None)


def test_a_home_without_readings_hides_nobody(client):
    street = lived(5, sellers=0)
    assert client.get("/c/calle/").context["month"] is not None
    cache.clear()
    SettledHome.objects.filter(household=street.households.first()).update(missing=True)

    assert client.get("/c/calle/").context["month"] is None


@pytest.mark.parametrize("sellers", [1, 4])
def test_what_fewer_than_five_roofs_gave_is_told_to_nobody(client, sellers):
    lived(10, sellers)

    answer = client.get("/c/calle/")

    assert (answer.context["month"], answer.context["year"]) == (None, None)


def test_a_day_of_few_sellers_cannot_be_taken_from_the_days_around_it(client):
    street = lived(10)
    before = client.get("/c/calle/").context["month"]
    an_hour(street, 1, LATER)
    lone = SettledHome.objects.filter(start__gte=LATER, sold_wh__gt=0)
    assert len({row.household_id for row in lone}) == 1

    with patch("config.clock.now", lambda: LATER + DAY):
        after = client.get("/c/calle/").context["month"]

    assert after == before


def test_today_is_not_told_before_it_is_over(client):
    lived(10)
    with patch("config.clock.now", lambda: make.NOON + timedelta(hours=3)):
        assert client.get("/c/calle/").context["month"] is None


@pytest.mark.parametrize("path", ["/c/calle/", "/c/calle/checkpoint", "/c/nowhere/"])
def test_nothing_is_there_unless_the_community_opened_it(client, path):
    make.community()

    assert client.get(path).status_code == 404


def test_without_a_signed_head_there_is_no_checkpoint(client):
    make.community(figures_public=True)

    assert client.get("/c/calle/checkpoint").status_code == 404
    assert client.get("/c/calle/").status_code == 200
