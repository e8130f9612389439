"""Which rules hold when: the strictest counts, by tariff period or by the local clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from market.agents import EvCharger, HoursRule, Mandate, as_its_owner_says, decide, local_times, terms_at
from market.agents.hours import PERIODS
from market.agents.terms import terms_ahead
from tests.market.agents.seeing import hours_rules, mandates

MADRID = ZoneInfo("Europe/Madrid")
SATURDAY, MONDAY = datetime(2026, 11, 21, tzinfo=MADRID), datetime(2026, 11, 23, tzinfo=MADRID)


def local(at):
    return local_times([at.astimezone(UTC)], MADRID, lambda day: day.weekday() >= 5)[0]


def holds(rule, at, minutes=15):
    return rule.holds("P1", local(at), minutes)


def terms(mandate, at, period="P1"):
    return terms_at(mandate, at.astimezone(UTC), 15, period, local(at))


def test_the_strictest_of_all_limits_counts():
    noon = HoursRule(from_minute=720, to_minute=780, min_sell_ueur_kwh=80_000, max_buy_ueur_kwh=100_000)
    peak = HoursRule("P1", min_sell_ueur_kwh=90_000, max_buy_ueur_kwh=150_000)
    mandate = Mandate(min_sell_ueur_kwh=60_000, max_buy_ueur_kwh=120_000, hours=(noon, peak))

    assert terms(mandate, MONDAY.replace(hour=12))[:2] == (90_000, 100_000)
    assert terms(mandate, MONDAY.replace(hour=12), "P2")[:2] == (80_000, 100_000)
    assert terms(mandate, MONDAY.replace(hour=13))[:2] == (90_000, 120_000)
    assert terms(mandate, MONDAY.replace(hour=13), "P2")[:2] == (60_000, 120_000)


@given(
    mandate=mandates, rule=hours_rules(), quarter=st.integers(0, 7 * 96), period=st.sampled_from(sorted(PERIODS))
)
def test_a_further_rule_only_ever_tightens(mandate, rule, quarter, period):
    at = MONDAY + timedelta(minutes=15 * quarter)

    before, after = terms(mandate, at, period), terms(replace(mandate, hours=(*mandate.hours, rule)), at, period)

    assert after.min_sell_ueur_kwh >= before.min_sell_ueur_kwh
    assert after.max_buy_ueur_kwh <= before.max_buy_ueur_kwh
    assert after.may_buy <= before.may_buy
    assert after.may_sell <= before.may_sell


@given(
    mandate=mandates, first=st.integers(0, 7 * 96), periods=st.lists(st.sampled_from(sorted(PERIODS)), min_size=1)
)
def test_terms_of_many_slots_are_the_terms_of_each(mandate, first, periods):
    start = (MONDAY + timedelta(minutes=15 * first)).astimezone(UTC)
    starts = [start + timedelta(minutes=15 * i) for i in range(len(periods))]
    clocks = [local(at) for at in starts]

    ahead = terms_ahead(mandate, start, 15, periods, clocks)

    assert list(ahead) == [terms(mandate, at, period) for at, period in zip(starts, periods, strict=True)]


def test_own_hours_that_rule_out_trading_stop_both_sides():
    mandate = Mandate(sell_periods=frozenset({"P1"}), hours=(HoursRule(to_minute=60, may_trade=False),))

    assert terms(mandate, MONDAY)[2:] == (False, False)
    assert terms(mandate, MONDAY.replace(hour=1))[2:] == (True, True)
    assert terms(mandate, MONDAY.replace(hour=1), "P2")[2:] == (True, False)


@pytest.mark.parametrize(
    ("days", "at", "held"),
    [
        ("every", MONDAY.replace(hour=23), True),
        ("every", MONDAY.replace(hour=5, minute=45), True),
        ("every", MONDAY.replace(hour=6), False),
        ("every", MONDAY.replace(hour=21, minute=45), False),
        ("working", MONDAY.replace(hour=22), True),
        ("working", MONDAY.replace(hour=1), False),  # Sunday's night
        ("rest", MONDAY.replace(hour=1), True),
        ("rest", SATURDAY.replace(hour=1), False),  # Friday's night
        ("working", SATURDAY.replace(hour=1), True),
        ("rest", SATURDAY.replace(hour=22), True),
    ],
)
def test_a_night_belongs_to_the_day_that_it_began_on(days, at, held):
    night = HoursRule(days=days, from_minute=22 * 60, to_minute=6 * 60, may_trade=False)

    assert holds(night, at) is held


def test_a_rule_holds_in_every_slot_that_it_touches():
    rule = HoursRule(from_minute=10 * 60 + 10, to_minute=10 * 60 + 20, may_trade=False)

    quarters = [MONDAY.replace(hour=10) + timedelta(minutes=15 * i) for i in range(-1, 3)]
    assert [holds(rule, at) for at in quarters] == [False, True, True, False]
    assert holds(rule, MONDAY.replace(hour=10), 60)


def test_own_hours_go_by_the_clock_through_its_changes():
    rule = HoursRule(from_minute=120, to_minute=180, may_trade=False)  # 2 to 3 o'clock
    spring, autumn = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)

    def held(first):
        slots = [first + timedelta(minutes=15 * i) for i in range(6 * 4)]
        return sum(rule.holds("P3", at, 15) for at in local_times(slots, MADRID, lambda _: True))

    assert (held(spring), held(autumn)) == (0, 8)


def test_planning_and_ordering_use_the_same_terms(observe, battery):
    dear_evening = HoursRule(from_minute=18 * 60, to_minute=22 * 60, may_trade=False)
    seen = observe(12, battery=battery(9_000), price=200_000, mandate=Mandate(hours=(dear_evening,)))

    sells = [step.start.hour + 2 for step in decide(seen).plan if step.reason == "sell_dear"]

    assert all(not 18 <= hour < 22 for hour in sells)
    assert {seen.terms[i].may_sell for i in range(6 * 4, 10 * 4)} == {False}


def test_the_battery_gives_its_cycles_in_the_dearest_hours(observe, battery):
    seen = observe(8, pv=False, battery=battery(10_000), mandate=Mandate(cycles_tenths=1))

    morning, evening = decide(seen), decide(observe(18, pv=False, battery=battery(10_000), mandate=seen.mandate))

    assert morning.base_wh == {7: 0}  # 0,159 €/kWh now, 0,229 at ten
    assert evening.base_wh == {7: -150}


def test_a_battery_that_has_given_its_cycles_rests_until_midnight(observe, battery):
    spent = battery(10_000, given_today_wh=9_500)
    seen = observe(20, pv=False, battery=spent, price=200_000, mandate=Mandate(cycles_tenths=10))

    decision = decide(seen)

    assert decision.base_wh == {7: 0}
    assert {wish.device_id for wish in decision.orders if wish.side == "sell"} == set()
    gives = [step for step in decision.plan if step.kind == "discharge"]
    assert gives
    assert all((step.start.day == 2 and step.start.hour >= 22) or step.start.day == 3 for step in gives)


AT_NIGHT = Mandate(ev_from_minute=23 * 60, ev_until_minute=6 * 60 + 50)


@pytest.mark.parametrize(
    ("hour", "minute", "needs"),
    [(22, 45, 0), (23, 0, 5_000), (0, 0, 5_000), (6, 30, 5_000), (6, 45, 0), (6, 50, 0), (12, 0, 0)],
)
def test_outside_its_hours_a_car_needs_nothing(hour, minute, needs):
    start = MONDAY.replace(hour=hour, minute=minute).astimezone(UTC)

    charger = as_its_owner_says(EvCharger(3, 7_400, True, 5_000), AT_NIGHT, start, 15, MADRID, None)

    assert charger.need_wh == needs


@pytest.mark.parametrize(
    ("leaves", "ready"),
    [
        (None, None),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(hours=9), timedelta(hours=7, minutes=50)),
        (timedelta(hours=24), timedelta(hours=7, minutes=50)),
        (timedelta(hours=25), timedelta(hours=25)),
    ],
)
def test_in_the_last_hours_before_it_leaves_a_car_has_to_be_ready_by_their_end(leaves, ready):
    start = MONDAY.replace(hour=23).astimezone(UTC)
    telling = EvCharger(3, 7_400, True, 5_000, None if leaves is None else start + leaves)

    charger = as_its_owner_says(telling, AT_NIGHT, start, 15, MADRID, None)

    assert charger.ready_by == (None if ready is None else start + ready)


@given(st.integers(0, 1_439), st.integers(0, 1_439), st.integers(0, 96 * 400))
def test_a_slot_lies_in_the_cars_hours_or_it_waits(begins, ends, quarter):
    assume(begins != ends)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    mandate = Mandate(ev_from_minute=begins, ev_until_minute=ends)

    charger = as_its_owner_says(EvCharger(3, 7_400, True, 5_000), mandate, start, 15, UTC, None)

    minutes = range(start.hour * 60 + start.minute, start.hour * 60 + start.minute + 15)
    inside = [begins <= m < ends if begins < ends else m >= begins or m < ends for m in minutes]
    assert charger.need_wh == (5_000 if all(inside) else 0)


def test_the_owner_speaks_for_a_silent_car_only():
    mandate = Mandate(ev_ready_minute=7 * 60 + 30, ev_target_wh=12_000)
    start = MONDAY.replace(hour=22).astimezone(UTC)
    silent, telling = EvCharger(3, 7_400, True), EvCharger(3, 7_400, True, 5_000, start + timedelta(hours=3))
    away = EvCharger(3, 7_400)

    spoken_for = as_its_owner_says(silent, mandate, start, 15, MADRID, 4_000)

    assert (spoken_for.need_wh, spoken_for.ready_by) == (8_000, datetime(2026, 11, 24, 6, 30, tzinfo=UTC))
    assert as_its_owner_says(silent, mandate, start, 15, MADRID, 13_000).need_wh == 0
    assert as_its_owner_says(telling, mandate, start, 15, MADRID, None) == telling
    assert as_its_owner_says(away, mandate, start, 15, MADRID, None) == away
