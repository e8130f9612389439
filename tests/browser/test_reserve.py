"""A resident raises the battery's reserve; the next slot's orders differ, and the page says why; with and without
JavaScript."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from community.models import DeviceState
from market.models import Order, SetPoint
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import renew_forecasts
from tests import factories as make
from tests.browser.conftest import PHONE, log_in

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = make.NOON + timedelta(hours=8)  # 20:00 in Madrid: peak
BEFORE = EVENING - timedelta(minutes=14)


@pytest.fixture
def ana():
    """A home with a full battery and a neighbour in need, on a street that has seen two weeks."""
    street = make.community()
    offer = make.tariff()
    ana = make.home(street, "Azahar 1", offer, make.member(street, "Ana"), reserve_pct=10)
    bruno = make.home(street, "Azahar 3", offer)
    for home, net_wh in ((ana, 40), (bruno, 700)):
        make.history(home, net_wh, days=15, until=EVENING - make.QUARTER)
    battery = make.battery(ana)
    DeviceState.objects.create(device=battery, at=BEFORE, soc_wh=9_000)
    renew_forecasts(community=street, at=BEFORE)
    return ana


def trade(ana, start):
    slot = make.slot(ana.community, start)
    place_orders(slot_id=slot.pk, at=start - timedelta(minutes=10))
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    return slot


def offered_wh(ana, slot):
    orders = Order.objects.filter(slot=slot, household=ana, side="sell").values_list("energy_wh", flat=True)
    return sum(orders)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_higher_reserve_changes_the_next_slots_orders_and_says_why(open_page, ana, script):
    with patch("config.clock.now", lambda: BEFORE + timedelta(minutes=1)):
        first = trade(ana, EVENING)
        page = open_page("en-GB", PHONE, script=script)
        log_in(page, "ana@example.org", make.PASSWORD)

        # with a reserve of 10 % the battery is offered at dusk, and the page says why and from which price on
        page.goto(f"/slots/{EVENING:%Y-%m-%dT%H%MZ}/")
        said = page.inner_text("main")
        assert "You offer" in said
        assert "Was asked to give" in said
        assert "A stored kWh was worth" in said
        assert "it would rather keep what it has" in said

        page.goto("/rules/")
        page.fill("input[name=reserve_pct]", "95")
        page.click("main button[type=submit]")
        assert "95" in page.inner_text("main")

    second = trade(ana, EVENING + make.QUARTER)

    assert offered_wh(ana, first) > 0
    assert offered_wh(ana, second) == 0
    assert SetPoint.objects.get(slot=first).energy_wh < 0 <= SetPoint.objects.get(slot=second).energy_wh
    with patch("config.clock.now", lambda: EVENING + make.QUARTER):
        page.goto(f"/slots/{EVENING + make.QUARTER:%Y-%m-%dT%H%MZ}/")
        said = page.inner_text("main")
        assert "You offer" not in said
        assert "Was asked to give" not in said
