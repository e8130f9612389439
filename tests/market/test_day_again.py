"""A day lived again by other rules: the home's own agent, its neighbours' orders as they were, and nothing booked."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from redis.exceptions import RedisError

from community.models import Device
from community.services.devices import StateReport, record_states
from market.agents import Battery, EvCharger, Observation
from market.agents import Mandate as MandateTerms
from market.agents.drift import Drift
from market.agents.policy.weights import planner_only
from market.clearing.simplex import solve
from market.models import Order, Slot, StepDown, Trade
from market.queries.agents import assignments, read_street
from market.queries.book import feeder_of, order_book
from market.queries.mandates import mandate_terms
from market.queries.remembered import remember, remembered
from market.queries.what_if import day_of
from market.services.agents import decision_of, informed, place_orders
from market.services.clear import clear_slot
from market.services.day_again import Way, _cleared, _lived, day_again
from market.services.forecasts import renew_forecasts
from tests import factories as make
from tests.factories import NOON, QUARTER

pytestmark = pytest.mark.django_db

SLOTS = 4
MADRID = ZoneInfo("Europe/Madrid")
EARLY = NOON - timedelta(hours=1)
OTHER_RULES = {
    "as they were": {},
    "a higher reserve": {"reserve_pct": 70, "cycles_tenths": None},
    "a battery for sale": {
        "objective": "revenue",
        "reserve_pct": 5,
        "grid_charge": True,
        "min_sell_ueur_kwh": 90_000,
    },
    "other prices": {"min_sell_ueur_kwh": 140_000, "max_buy_ueur_kwh": 80_000},
    "the car by one o'clock": {"ev_ready_minute": 13 * 60, "ev_target_wh": 4_000},
    "the car by night": {"ev_from_minute": 22 * 60, "ev_until_minute": 6 * 60},
    "paused": {"paused": True},
}


@pytest.fixture
def street(monkeypatch):
    """A street in which the planner decides alone: what it does follows from prices and forecasts."""
    monkeypatch.setattr("market.queries.policies.shipped", planner_only)
    return make.community(grid_fee_ueur_kwh=5_000)


@pytest.fixture
def ana(street):
    """A home with a battery, beside neighbours who need energy at the dearest hour of the day."""
    ana = make.home(street, "Ana", make.tariff(), make.member(street, "Ana"), cycles_tenths=30)
    bruno = make.home(street, "Bruno", make.tariff("Cuatro"), make.member(street, "Bruno"))
    make.history(ana, 100, until=EARLY)
    make.history(bruno, 800, until=EARLY)
    renew_forecasts(community=street, at=EARLY)
    return ana


def lived(street, device=None, **state):
    """A few slots as they were: devices report before each, agents order, the market clears."""
    for i in range(SLOTS):
        slot = make.slot(street, NOON + QUARTER * i)
        at = slot.gate_closure - timedelta(minutes=5)
        if device is not None and i == 0:
            record_states([StateReport(device.pk, at, **state)])
        place_orders(slot_id=slot.pk, at=at)
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)


def again(home, **rules):
    terms = MandateTerms(**{"cycles_tenths": 30, **rules})
    was, would_be, _slots = day_again(home, day_of(home, NOON.date()), terms, solve)
    return was, would_be


def in_full(home, slots, terms):
    """The day lived again the long way: the whole street is read and informed anew for each of both."""
    drift, ways = Drift(), []
    for slot in slots:
        at, feeder = slot.ordered_at, feeder_of(slot.community)
        street = read_street(slot.community, slot.start, at)
        given = assignments(street, slot, at)
        place = street.homes.index(home.pk)
        alone = replace(street, homes=(home.pk,), terms={home.pk: terms})
        (other,) = assignments(alone, slot, at)
        other = replace(other, observation=drift.seen(other.observation, street.tariffs.zone))
        both = []
        for tried in (given, [*given[:place], other, *given[place + 1 :]]):
            told = informed(tried, street, slot)[0][place]
            decision = decision_of(told, planned=False)
            cleared = _cleared(slot, order_book(slot, feeder), home, told.observation, decision, solve)
            both.append(Way(told.observation, decision, cleared))
        drift.live(both[1].seen, both[0].set_points_wh, both[1].set_points_wh)
        ways.append((slot, *both))
    return (
        _lived([(slot, was) for slot, was, _ in ways]),
        _lived([(slot, way) for slot, _, way in ways]),
        len(ways),
    )


@pytest.fixture
def full_street():
    """Homes with batteries and cars behind a narrow connection, some steered, one paused."""
    street, offer = (
        make.community(grid_fee_ueur_kwh=5_000, import_limit_w=9_000, export_limit_w=4_000),
        make.tariff(),
    )
    ana = make.home(street, "Ana", offer, make.member(street, "Ana"), cycles_tenths=30, ev_ready_minute=14 * 60)
    bruno = make.home(street, "Bruno", make.tariff("Cuatro"), ev_target_wh=6_000)
    carla = make.home(street, "Carla", offer, paused=True)
    diego = make.home(street, "Diego", make.tariff("Cinco", p1=230_000))
    for home, net_wh in ((ana, 300), (bruno, 700), (carla, 200), (diego, -900)):
        make.history(home, net_wh, until=EARLY)
    renew_forecasts(community=street, at=EARLY)
    reports = [
        StateReport(make.battery(home).pk, EARLY, soc_wh=soc_wh) for home, soc_wh in ((ana, 6_000), (bruno, 2_000))
    ]
    for home, need_wh in ((ana, 5_000), (bruno, 0), (carla, 3_000)):
        car = Device.objects.create(household=home, kind="ev_charger", name="Coche", charge_w=3_700)
        reports.append(StateReport(car.pk, EARLY, plugged_in=True, need_wh=need_wh))
    record_states(reports)
    lived(street)
    return ana, bruno, diego


@pytest.mark.parametrize("rules", OTHER_RULES.values(), ids=OTHER_RULES)
def test_a_day_is_lived_from_what_is_remembered_as_it_is_in_full(full_street, rules):
    for home in full_street:
        slots = day_of(home, NOON.date())
        terms = replace(mandate_terms(home.mandates.get()), **rules)

        first, again = (day_again(home, slots, terms, solve) for _ in range(2))

        assert first == again == in_full(home, slots, terms)


def test_what_is_remembered_of_a_day_spares_its_street(full_street):
    ana, *_ = full_street
    slots = day_of(ana, NOON.date())
    day_again(ana, slots, MandateTerms(reserve_pct=40), solve)

    with CaptureQueriesContext(connection) as taken:
        day_again(ana, slots, MandateTerms(reserve_pct=50), solve)

    assert len(taken) <= 3 * SLOTS  # where the home and its feeder stand


def test_a_day_is_lived_while_the_memory_is_away(full_street, monkeypatch):
    ana, *_ = full_street
    slots = day_of(ana, NOON.date())
    known = day_again(ana, slots, MandateTerms(reserve_pct=40), solve)

    def away(*_given):
        raise RedisError

    for door in ("get", "set"):
        monkeypatch.setattr(cache, door, away)
    assert day_again(ana, slots, MandateTerms(reserve_pct=40), solve) == known


def test_what_is_too_large_is_not_remembered(monkeypatch):
    monkeypatch.setattr("market.queries.remembered.MOST_BYTES", 10)

    remember("large", list(range(1_000)))

    assert remembered("large") is None


def test_what_another_version_of_the_site_remembered_is_put_together_anew(monkeypatch):
    remember("older", (1, 2))

    monkeypatch.setattr("market.queries.remembered._edition", lambda: "newer")

    assert remembered("older") is None


def test_the_rules_that_held_come_to_what_was_traded_and_change_nothing(street, ana):
    lived(street, make.battery(ana), soc_wh=7_000)
    orders = list(Order.objects.values_list("pk", "energy_wh", "limit_ueur_kwh"))

    was, would_be, slots = day_again(ana, day_of(ana, NOON.date()), mandate_terms(ana.mandates.get()), solve)

    sold = Trade.objects.filter(household=ana, side="sell").aggregate(wh=Sum("energy_wh"))["wh"]
    assert was == would_be
    assert (was.sold_wh, slots) == (sold, SLOTS)
    assert sold > 0
    assert list(Order.objects.values_list("pk", "energy_wh", "limit_ueur_kwh")) == orders


def test_an_agent_decides_again_on_the_level_that_was_noted_then(street, ana):
    lived(street, make.battery(ana), soc_wh=7_000)
    as_it_was, _same = again(ana)
    begun, step = NOON - timedelta(hours=2), StepDown.Level.SELF_CONSUMPTION

    StepDown.objects.create(community=street, since=begun, until=NOON + QUARTER * SLOTS, level=step, reason="x")
    cache.clear()
    on_its_own, _same = again(ana)

    assert as_it_was.sold_wh > on_its_own.sold_wh == 0


@pytest.mark.parametrize("rules", [{"reserve_pct": 100}, {"reserve_pct": 80}, {"objective": "resilience"}])
def test_a_battery_that_must_hold_more_sells_less_and_holds_it_at_midnight(street, ana, rules):
    lived(street, make.battery(ana), soc_wh=7_000)

    was, would_be = again(ana, **rules)

    assert would_be.sold_wh < was.sold_wh
    assert would_be.kept_wh > was.kept_wh
    assert would_be.money_neur < was.money_neur


def test_a_battery_that_may_be_emptied_further_gives_more(street, ana):
    lived(street, make.battery(ana), soc_wh=7_000)

    was, would_be = again(ana, reserve_pct=5)

    assert would_be.kept_wh < was.kept_wh
    assert would_be.money_neur > was.money_neur


def test_few_cycles_keep_energy_in_the_battery(street, ana):
    lived(street, make.battery(ana), soc_wh=7_000)

    was, would_be = again(ana, cycles_tenths=1)

    assert would_be.sold_wh < was.sold_wh
    assert would_be.kept_wh > was.kept_wh


def test_a_battery_gives_no_more_than_it_held_however_long_the_day(street, ana):
    battery = make.battery(ana, capacity_wh=2_000)
    lived(street, battery, soc_wh=1_800)

    _was, would_be = again(ana, reserve_pct=5)

    held_wh = 1_800 * battery.efficiency_ppm // 1_000_000
    assert 0 < would_be.sold_wh <= held_wh - would_be.kept_wh
    assert would_be.kept_wh >= 2_000 * 5 // 100 * battery.efficiency_ppm // 1_000_000


def test_a_paused_home_would_have_met_its_retailer_alone(street, ana):
    lived(street)

    _was, would_be = again(ana, paused=True)

    assert (would_be.sold_wh, would_be.bought_wh) == (0, 0)
    forecast = ana.forecasts.order_by("-issued_at").first()
    skip = (NOON - forecast.first_start) // QUARTER
    assert would_be.money_neur == -200_000 * sum(forecast.net_load_wh[skip : skip + SLOTS])


def test_a_car_that_may_not_charge_then_takes_nothing_and_that_is_no_gain(street, ana):
    car = Device.objects.create(household=ana, kind="ev_charger", name="Coche", charge_w=3_700)
    lived(street, car, plugged_in=True, need_wh=3_000, ready_by=NOON + timedelta(hours=1))

    was, would_be = again(ana, ev_from_minute=22 * 60, ev_until_minute=23 * 60)

    assert was.used_wh > 2_500
    assert would_be.used_wh == 0
    assert would_be.money_neur - was.money_neur == was.used_wh * 200_000  # what it paid at noon
    assert would_be.total_neur - was.total_neur == was.used_wh * 100_000  # less what the night will charge


def test_a_slot_that_fell_back_is_lived_with_the_retailer(street, ana):
    lived(street, make.battery(ana), soc_wh=7_000)
    Slot.objects.filter(start=NOON).update(status=Slot.Status.FALLBACK)

    was, _would_be = again(ana)

    sold = Trade.objects.filter(household=ana, side="sell", slot__start__gt=NOON)
    assert was.sold_wh == sold.aggregate(wh=Sum("energy_wh"))["wh"]


def test_a_day_without_agents_has_nothing_to_live(street, ana):
    slot = make.slot(street)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)

    assert day_of(ana, NOON.date()) == []


def test_a_round_of_agents_takes_no_more_queries_for_more_homes_with_forecasts(street, ana):
    def queries(i):
        slot = make.slot(street, NOON + QUARTER * i)
        with CaptureQueriesContext(connection) as taken:
            place_orders(slot_id=slot.pk, at=slot.gate_closure - timedelta(minutes=5))
        return len(taken)

    queries(0)
    few = queries(1)
    for name in ("Carla", "Diego", "Eva"):
        make.history(make.home(street, name, make.tariff(name)), 300, until=EARLY)
    renew_forecasts(community=street, at=EARLY + timedelta(minutes=1))

    assert queries(2) <= few


CAR = EvCharger(7, 4_000, plugged_in=True, need_wh=1_500, ready_by=NOON + timedelta(hours=5))


def looked_at(**fields):
    """Four quarters as an agent sees them."""
    return Observation(
        household_id=1, start=NOON, slot_minutes=15, net_load_wh=(0,) * 4, import_ueur_kwh=(200_000,) * 4,
        feed_in_ueur_kwh=(50_000,) * 4, period=("P1",) * 4, price_ueur_kwh=(None,) * 4, grid_fee_ueur_kwh=0,
        **{"mandate": MandateTerms(), **fields},
    )  # fmt: skip


def test_what_a_battery_cannot_hold_is_not_carried_on():
    drift, battery = Drift(), Battery(5, 2_000, 4_000, 4_000, 1_000_000, 1_500)
    drift.live(looked_at(batteries=(battery,)), {5: -800}, {5: 0})

    first = drift.seen(looked_at(batteries=(battery,)), MADRID).batteries[0]
    later = drift.seen(looked_at(batteries=(replace(battery, soc_wh=100),)), MADRID).batteries[0]

    assert (first.soc_wh, later.soc_wh) == (2_000, 600)


def test_what_a_car_did_not_take_it_still_needs_until_it_leaves():
    drift = Drift()
    drift.live(looked_at(ev_chargers=(CAR,)), {7: 1_000}, {7: 0})

    later = drift.seen(looked_at(ev_chargers=(replace(CAR, need_wh=500),)), MADRID)
    drift.seen(looked_at(ev_chargers=(replace(CAR, plugged_in=False, need_wh=0),)), MADRID)
    next_car = drift.seen(looked_at(ev_chargers=(CAR,)), MADRID)

    assert later.ev_chargers[0].need_wh == 1_500
    assert next_car.ev_chargers[0].need_wh == 1_500


def test_a_silent_car_takes_no_more_than_the_target_that_is_tried():
    drift, mandate = Drift(), MandateTerms(ev_target_wh=600)
    first = drift.seen(looked_at(mandate=mandate, ev_chargers=(replace(CAR, need_wh=600),)), MADRID)
    drift.live(first, {7: 1_000}, {7: 600})

    later = drift.seen(looked_at(mandate=mandate, ev_chargers=(replace(CAR, need_wh=0),)), MADRID)

    assert later.ev_chargers[0].need_wh == 0
