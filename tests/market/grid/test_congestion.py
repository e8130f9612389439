"""The congestion log of made slots: hours by element, day and as a whole."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.grid.congestion import LoggedSlot, ReachedLimit, street_log

MADRID = ZoneInfo("Europe/Madrid")
START = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def limit(element="T", kind="transformer", phase="", loading_pct=100.0, shadow=0, rent=0):
    return ReachedLimit(element, kind, phase, loading_pct, shadow, rent)


def slot(n, *limits, **facts):
    return LoggedSlot(START + QUARTER * n, START + QUARTER * (n + 1), limits, **facts)


@pytest.mark.parametrize(
    ("loading_pct", "shadow", "congested"),
    [(99.5, 0, True), (99.4, 0, False), (80.0, 1_001, True), (80.0, -1_001, True), (80.0, 1_000, False)],
)
def test_a_limit_is_congested_if_full_or_worth_it(loading_pct, shadow, congested):
    assert limit(loading_pct=loading_pct, shadow=shadow).congested is congested


def test_a_slot_counts_once_in_the_whole_and_once_for_each_limit():
    log = street_log([slot(0, limit(phase="a"), limit("L1", "line")), slot(1, limit(phase="a"))], MADRID)

    assert log.congested == 2 * QUARTER
    assert [(e.element, e.phase, e.congested) for e in log.elements] == [
        ("T", "a", 2 * QUARTER),
        ("L1", "", QUARTER),
    ]


def test_a_limit_bound_on_both_sides_counts_its_slot_once_and_its_rents_both():
    log = street_log([slot(0, limit(rent=3, shadow=5_000), limit(rent=4, shadow=-7_000))], MADRID)

    (element,) = log.elements
    assert (element.congested, element.rent_neur, element.shadow_ueur_kwh) == (QUARTER, 7, 7_000)


def test_the_quarter_before_midnight_belongs_to_its_local_day():
    late = datetime(2026, 11, 2, 22, 45, tzinfo=UTC)  # 23:45 in Madrid
    slots = [LoggedSlot(at, at + QUARTER, (limit(),)) for at in (late, late + QUARTER)]

    assert street_log(slots, MADRID).days == {date(2026, 11, 2): QUARTER, date(2026, 11, 3): QUARTER}


def test_margins_are_the_extremes_of_what_was_looked_at():
    seen = {"voltage_min_pu": 0.95, "voltage_max_pu": 1.02, "loading_max_pct": 70.0}
    log = street_log(
        [
            slot(0, **seen, reclears=2, loss_wh=5),
            slot(1, emergency=True),
            slot(2, **{**seen, "voltage_min_pu": 0.93}),
        ],
        MADRID,
    )

    assert (log.voltage_min_pu, log.voltage_max_pu, log.loading_max_pct) == (0.93, 1.02, 70.0)
    assert (log.cleared_again, log.emergencies, log.loss_wh) == (1, 1, 5)
    assert (log.cleared, log.congested) == (3 * QUARTER, timedelta())


def test_of_no_slots_nothing_is_known():
    log = street_log([], MADRID)

    assert (log.cleared, log.elements, log.voltage_min_pu) == (timedelta(), (), None)


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=3), max_size=30))
def test_the_whole_is_no_less_than_any_limit_and_no_more_than_all(bound):
    log = street_log([slot(n, *(limit(phase=p) for p in phases)) for n, phases in enumerate(bound)], MADRID)

    parts = [element.congested for element in log.elements]
    assert max(parts, default=timedelta()) <= log.congested <= sum(parts, timedelta())
    assert sum(log.days.values(), timedelta()) == log.congested <= log.cleared
