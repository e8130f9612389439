"""A load that may stay off runs up to its worth, and stays off where energy is dearer or the cables are full."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from community.models import Device, DeviceState
from market.models import Order, SetPoint
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import renew_forecasts
from tests import factories as make
from tests.factories import NOON

pytestmark = pytest.mark.django_db

BEFORE = NOON - timedelta(minutes=10)


@pytest.fixture
def ana():
    return make.home(make.community(), "Azahar 1", make.tariff())  # its retailer charges 0.20 €/kWh at noon


def pump(home, worth_ueur_kwh, *, wants=True, wish_wh=300):
    device = Device.objects.create(
        household=home, kind="load", name="Depuradora", charge_w=1_600, worth_ueur_kwh=worth_ueur_kwh
    )
    DeviceState.objects.create(device=device, at=BEFORE, plugged_in=wants, need_wh=wish_wh, energy_wh=0)
    return device


def trade(home):
    slot = make.slot(home.community)
    place_orders(slot_id=slot.pk, at=BEFORE)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    return slot


@pytest.mark.parametrize(("worth", "runs_wh"), [(250_000, 300), (200_000, 300), (150_000, 0)])
def test_it_runs_if_it_is_worth_what_energy_costs(ana, worth, runs_wh):
    device = pump(ana, worth)

    slot = trade(ana)

    assert SetPoint.objects.get(slot=slot, device=device).energy_wh == runs_wh


def test_a_neighbours_sun_makes_a_humble_load_worth_running(ana):
    bruno = make.home(ana.community, "Azahar 3", make.tariff("Cuatro"))
    make.history(bruno, -500, until=NOON - make.QUARTER)
    renew_forecasts(community=ana.community, at=BEFORE)
    device = pump(ana, 150_000)

    slot = trade(ana)

    assert SetPoint.objects.get(slot=slot, device=device).energy_wh == 300
    assert Order.objects.get(slot=slot, device=device).outcome.local_wh == 300


def test_it_wants_no_more_than_its_power_and_nothing_while_it_does_not_want_to_run(ana):
    strong, idle = pump(ana, 250_000, wish_wh=5_000), pump(ana, 250_000, wants=False)

    slot = trade(ana)

    assert SetPoint.objects.get(slot=slot, device=strong).energy_wh == 400
    assert SetPoint.objects.get(slot=slot, device=idle).energy_wh == 0


def test_the_fullest_cables_leave_it_off_first(ana):
    street = ana.community
    street.import_limit_w = 1_000
    street.save()
    device = pump(ana, 250_000)

    slot = trade(ana)

    assert SetPoint.objects.get(slot=slot, device=device).energy_wh <= 250
    assert Order.objects.get(slot=slot, device=device).outcome.reason == "network_limit"


def test_a_load_without_power_or_worth_is_refused(ana):
    with pytest.raises(IntegrityError):
        Device.objects.create(household=ana, kind="load", name="Caldera", charge_w=2_000)
