"""The forecast is a weighted mean of like days, honest about what it never saw."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from market.agents import forecast_net_load
from market.agents.forecasting.calendar import local_slots
from market.agents.forecasting.profile import corrected, profile

MADRID = ZoneInfo("Europe/Madrid")


def is_weekend(day):
    return day.weekday() >= 5


def forecast(history, first, slots=96):
    return forecast_net_load(
        np.asarray(history, dtype=float), first, slots, slot_minutes=15, zone=MADRID, is_rest_day=is_weekend
    )


def midnight(year, month, day):
    return datetime(year, month, day, tzinfo=MADRID).astimezone(UTC)


def test_a_home_that_repeats_itself_is_foretold_exactly():
    day = np.arange(96) * 10 - 300
    history = np.stack([np.tile(day, 14), np.tile(-day, 14)])

    answer = forecast(history, midnight(2026, 6, 15), slots=192)

    assert answer.net_wh.tolist() == [[*day, *day], [*-day, *-day]]
    assert answer.days_seen.tolist() == [14, 14]


def test_weekends_are_learned_apart_from_working_days():
    first = midnight(2026, 5, 18)  # a Monday, four weeks before
    days = [(first + timedelta(days=i, hours=12)).astimezone(MADRID).date() for i in range(28)]
    history = np.concatenate([np.full(96, 400 if is_weekend(day) else 100) for day in days])

    monday = forecast([history], midnight(2026, 6, 15), 96).net_wh[0]
    saturday = forecast([history[: -2 * 96]], midnight(2026, 6, 13), 96).net_wh[0]

    assert saturday[40] > monday[40]
    assert monday[40] < 200 < saturday[40]


def test_later_days_count_more():
    days = np.array([[[0.0], [100.0]]])

    means, _ = profile(days, [False, False], [(0, False)])

    assert means[0, 0] > 50


def test_missing_slots_are_passed_over():
    day = np.arange(96.0)
    history = np.tile(day, 7)
    history[96 * 3 + 10 : 96 * 4] = np.nan

    answer = forecast([history], midnight(2026, 6, 15))

    assert answer.net_wh[0].tolist() == day.tolist()


def test_a_slot_never_seen_takes_the_homes_mean_and_no_history_is_a_flagged_zero():
    history = np.full((2, 96 * 3), np.nan)
    history[0, :48] = 80

    answer = forecast(history, midnight(2026, 6, 15))

    assert set(answer.net_wh[0].tolist()) == {80}
    assert set(answer.net_wh[1].tolist()) == {0}
    assert answer.days_seen.tolist() == [1, 0]


def test_a_home_without_any_past_is_foretold_nothing():
    answer = forecast(np.empty((2, 0)), midnight(2026, 6, 15), slots=4)

    assert answer.net_wh.tolist() == [[0] * 4] * 2
    assert answer.days_seen.tolist() == [0, 0]


def test_the_last_hour_moves_the_next_ones_less_and_less():
    answer = corrected(np.zeros((2, 40)), np.array([[200.0, np.nan], [np.nan, np.nan]]), np.full((2, 2), 100.0))

    assert answer[0, 0] == 80
    assert np.all(np.diff(answer[0]) < 0)
    assert answer[0, -1] < 1
    assert np.all(answer[1] == 0)


def test_days_of_23_and_25_hours_are_placed_by_their_clock():
    spring_days, spring = local_slots(midnight(2026, 3, 29), 92, 15, MADRID)
    autumn_days, autumn = local_slots(midnight(2026, 10, 25), 100, 15, MADRID)

    assert set(spring_days.tolist()) == {date(2026, 3, 29).toordinal()}
    assert set(autumn_days.tolist()) == {date(2026, 10, 25).toordinal()}
    assert not set(spring.tolist()) & set(range(8, 12))
    assert autumn[8:16].tolist() == [8, 9, 10, 11, 8, 9, 10, 11]


def test_a_forecast_across_a_clock_change_keeps_the_homes_hours():
    first = midnight(2026, 3, 16)
    past = (midnight(2026, 3, 30) - first) // timedelta(minutes=15)
    history = local_slots(first, past, 15, MADRID)[1]

    answer = forecast([history], midnight(2026, 3, 30))

    assert answer.net_wh[0].tolist() == list(range(96))
