"""The street's figures for everybody: only where they were opened, only sums, only of five homes and more."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from market.models import SettledHome
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import renew_forecasts
from market.services.settle import settle_due
from market.services.slots import open_slots
from tests import factories as make

pytestmark = pytest.mark.django_db

LATER = make.NOON + timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: LATER):
        yield


def lived(homes, **facts):
    """A street of so many homes, the first of which sells for an hour."""
    street = make.community(**{"figures_public": True, **facts})
    offer = make.tariff()
    made = [make.home(street, f"Azahar {i}", offer) for i in range(homes)]
    for number, home in enumerate(made):
        make.history(home, 300 if number else -700, until=make.NOON - 2 * make.QUARTER)
    renew_forecasts(community=street, at=make.NOON - timedelta(minutes=10))
    open_slots(community=street, first=make.NOON, until=make.NOON + timedelta(hours=1))
    for slot in street.slots.order_by("start"):
        place_orders(slot_id=slot.pk, at=slot.gate_closure - timedelta(minutes=5))
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
        for number, home in enumerate(made):
            make.read(home, slot.start, *((300, 0) if number else (0, 700)))
    settle_due(community=street, at=make.NOON + timedelta(hours=2))
    return street


def test_the_sums_are_those_that_were_settled(client):
    lived(5)

    answer = client.get("/c/calle/", headers={"accept-language": "en"})

    month = answer.context["month"]
    rows = SettledHome.objects.filter(is_current=True)
    assert month.homes == 5
    assert month.sold_wh == sum(row.sold_wh for row in rows) > 0
    assert month.export_wh == 4 * 700
    assert month.used_pct == 100 * month.sold_wh / 2_800
    assert month.low_ueur_kwh <= month.high_ueur_kwh
    assert answer.context["year"] == month
    said = answer.content.decode()
    assert "Azahar" not in said
    assert "CO2" not in said


def test_of_fewer_than_five_homes_nothing_is_shown(client):
    lived(4)

    answer = client.get("/c/calle/")

    assert answer.status_code == 200
    assert (answer.context["month"], answer.context["year"]) == (None, None)


def test_a_home_without_readings_hides_nobody(client):
    street = lived(5)
    SettledHome.objects.filter(household=street.households.first()).update(missing=True)

    assert client.get("/c/calle/").context["month"] is None


def test_today_is_not_told_before_it_is_over(client):
    lived(5)
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
