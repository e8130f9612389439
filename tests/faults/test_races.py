"""The same work asked for many times at once has one effect."""

import threading
from contextlib import suppress
from datetime import timedelta
from itertools import count
from unittest.mock import patch

import pytest
from django.db import connection

from market.models import Entry, Order, SetPoint, Settlement, Statement, Trade
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.settle import settle_due
from market.services.statements import close_month
from metering.models import Reading
from metering.services import readings
from tests import factories as make
from tests.market.test_settling import order

pytestmark = pytest.mark.django_db(transaction=True)

START = make.NOON


def at_once(work, times=4):
    """Run `work` in several threads with a connection each; errors are collected."""
    errors = []

    def run():
        try:
            work()
        except Exception as error:  # whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def homes(street):
    offer = make.tariff()
    return make.home(street, "Ana", offer), make.home(street, "Bruno", offer)


def test_agents_order_once(street, homes):
    make.history(homes[0], 500)
    make.battery(homes[0])
    slot = make.slot(street)

    errors = at_once(lambda: place_orders(slot_id=slot.pk, at=slot.gate_closure - timedelta(minutes=1)))

    assert errors == []
    orders = list(Order.objects.values_list("household", "side", "kind", "limit_ueur_kwh"))
    assert len(orders) == len(set(orders))
    assert SetPoint.objects.count() <= 1


def test_a_slot_clears_and_settles_once(street, homes):
    slot = make.slot(street)
    order(slot, homes[0], "sell", 1_000, 90_000)
    order(slot, homes[1], "buy", 1_000, 150_000)

    errors = at_once(lambda: clear_slot(slot_id=slot.pk, at=slot.gate_closure))
    make.read(homes[0], START, 0, 1_000)
    make.read(homes[1], START, 1_000, 0)
    errors += at_once(lambda: settle_due(community=street, at=START + timedelta(hours=1)))
    errors += at_once(
        lambda: close_month(community=street, month=START.date().replace(day=1), at=START + timedelta(days=20))
    )

    assert errors == []
    assert (Trade.objects.count(), Settlement.objects.count(), Entry.objects.count()) == (2, 1, 1)
    assert Statement.objects.count() == 2


def test_the_first_readings_of_a_month_may_come_from_all_meters_at_once(street):
    offer, number, all_there = make.tariff(), count(), threading.Barrier(4)
    homes = [make.home(street, name, offer) for name in ("Ana", "Bruno", "Carla", "Diego")]
    current = readings.current

    def with_the_others(*told):
        known = current(*told)
        with suppress(threading.BrokenBarrierError):
            all_there.wait(1)
        return known

    with patch.object(readings, "current", with_the_others):
        errors = at_once(lambda: make.read(homes[next(number)], START.replace(year=2031), 1, 1))

    assert errors == []
    assert Reading.objects.count() == 8
