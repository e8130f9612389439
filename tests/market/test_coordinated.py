"""Before each slot the cars of a street are told together when to charge."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.test import Client

from community.models import Device
from community.services.devices import StateReport, record_states
from market.models import Order, PlanStep, SetPoint
from market.queries.agents import assignments, read_street
from market.queries.charging import coordinated
from market.services.agents import place_orders
from market.services.forecasts import renew_forecasts
from tests import factories as make

pytestmark = pytest.mark.django_db

BEFORE = make.NOON - timedelta(minutes=10)


@pytest.fixture
def street():
    """A connection of 2 kW; Ana's home takes 1.6 kW of it all the time."""
    street = make.community(import_limit_w=2_000)
    ana = make.home(street, "Ana", make.tariff(), make.member(street, "Ana"))
    make.history(ana, 400, until=make.NOON - timedelta(hours=1))
    renew_forecasts(community=street, at=BEFORE)
    return street


def car_of(household, need_wh, hours=4.0, watts=3_700):
    car = Device.objects.create(household=household, kind="ev_charger", name="Coche", charge_w=watts)
    leaves = None if hours is None else make.NOON + timedelta(hours=hours)
    state = StateReport(car.pk, BEFORE, plugged_in=True, need_wh=need_wh, ready_by=leaves)
    record_states([state])
    return car


def ordered(street):
    slot = make.slot(street)
    place_orders(slot_id=slot.pk, at=BEFORE)
    return slot


def windows(street):
    """Windows by charger, as the agents get them."""
    slot = make.slot(street)
    known = read_street(street, slot.start, BEFORE)
    given = coordinated(assignments(known, slot, BEFORE), known, slot)
    return {charger.id: charger.windows for one in given for charger in one.observation.ev_chargers}


def test_a_car_that_the_connection_cannot_fill_is_told_hours_before_and_orders_only_what_fits(street):
    ana = street.households.get()
    car = car_of(ana, 5_000)

    ordered(street)

    lacks = PlanStep.objects.get(kind="ev_lacks")
    assert lacks.energy_wh == 5_000 - 16 * 100
    assert (lacks.reason, lacks.facts["limit_kind"]) == ("grid_full", "import")
    assert lacks.end == make.NOON + timedelta(hours=4)
    assert SetPoint.objects.get(device=car).base_wh == 100
    assert [(o.kind, o.energy_wh) for o in Order.objects.filter(household=ana)] == [("firm", 500)]
    with (
        patch("market.api.plan.now", lambda: make.NOON),
        patch("metering.api.authentication.now", lambda: make.NOON),
    ):
        told = (
            Client()
            .get(
                f"/api/v1/metering-points/{make.meter(ana).public_id}/plan",
                {"start": make.NOON.isoformat(), "end": (make.NOON + make.QUARTER).isoformat()},
                headers={"authorization": f"Bearer {make.token(ana)}"},
            )
            .json()
        )
    (lacking,) = told["lacking"]
    assert (lacking["device"], lacking["missing_wh"]) == (car.pk, 3_400)
    assert datetime.fromisoformat(lacking["full_from"]) == make.NOON
    assert lacking["ready_at"] is None, "not within what is foreseen"


def test_a_car_that_nobody_steers_is_load_for_the_others(street):
    ana = street.households.get()
    mine = car_of(ana, 300)
    zoe = make.home(street, "Zoe", make.tariff("Otra"), paused=True)
    theirs = car_of(zoe, 200, watts=400)

    found = windows(street)

    assert found[theirs.pk] is None
    first = found[mine.pk].energy_wh.index(100)
    assert not any(found[mine.pk].energy_wh[:2]), "the paused car takes all that is left in the first half hour"
    assert first >= 2
    assert sum(found[mine.pk].energy_wh) == 300


def test_a_car_without_a_departure_has_the_whole_day_and_one_that_is_full_asks_for_nothing(street):
    ana = street.households.get()
    patient = car_of(ana, 1_000, hours=None)
    full = car_of(ana, 0)

    found = windows(street)

    assert len(found[patient.pk].energy_wh) == 96
    assert sum(found[patient.pk].energy_wh) == 1_000
    assert found[full.pk] is None


def test_a_car_that_leaves_within_the_slot_is_its_own_agents_business(street):
    late = car_of(street.households.get(), 1_000, hours=0.2)

    assert windows(street) == {late.pk: None}


def test_where_no_car_waits_nothing_is_looked_up(street, django_assert_num_queries):
    slot = make.slot(street)
    known = read_street(street, slot.start, BEFORE)
    given = assignments(known, slot, BEFORE)

    with django_assert_num_queries(0):
        assert coordinated(given, known, slot) == given
