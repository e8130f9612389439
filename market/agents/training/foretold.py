"""What was forecast at every hour of the past, as if each hour were the present: nothing looks ahead.

Where there is enough past to learn from, the street's own forecaster foretells (`market/agents/forecasting`),
fitted on the hours before those on which policies are tested. Else the profile, for the whole street at once: the
same hour of the days before, recent days and days of the same kind counting more, moved by how the last hours
deviated.
"""

import numpy as np

from market.agents.forecasting import History, ShortHistory, fit
from market.agents.forecasting.calendar import Calendar, Floats
from market.agents.forecasting.profile import CORRECTION_DECAY, DAILY_MEMORY, OTHER_KIND_OF_DAY, RECENT_SLOTS

STEPS = 36  # the present hour and 35 after it


def foretold(history: History, learned: int) -> Floats:
    """The street's net load (Wh) as forecast at each hour: `[hour, step]`, step k saying hour + k.

    `history` is what came, by the hour and without gaps; the forecaster learns from its first `learned` hours. A
    forecast knows the hours before its own.
    """
    try:
        model = fit(history.until(learned), STEPS)
    except ShortHistory:
        return by_profile((history.load_wh - history.pv_wh).sum(axis=0), history.calendar(STEPS))
    found = model.predict_all(history, np.arange(history.slots))
    return np.asarray(found.net_wh.sum(axis=0, dtype=float))


def by_profile(net_wh: Floats, calendar: Calendar) -> Floats:
    """The same by the profile; `net_wh` `[hour]` is the street's, the calendar reaches `STEPS` beyond it."""
    hours = len(net_wh)
    profiles = _profiles(net_wh, calendar)
    targets = np.arange(hours)[:, None] + np.arange(STEPS)
    issued = calendar.day[:hours, None]
    kind = calendar.rest[targets].astype(np.int64)
    expected = profiles[kind, issued, calendar.place[targets]]
    return np.asarray(expected + _deviation(net_wh, profiles, calendar)[:, None] * _fading())


def _profiles(net_wh: Floats, calendar: Calendar) -> Floats:
    """Weighted means of the days before each day, `[rest day, day, hour]`; 0 where nothing is known."""
    days, past = int(calendar.day[-1]) + 1, len(net_wh)
    grid = np.full((days, 24), np.nan)
    grid[calendar.day[:past], calendar.place[:past]] = net_wh
    rests = calendar.rest_of_day
    answer = np.zeros((2, days, 24))
    for kind in (0, 1):
        total, weight = np.zeros(24), np.zeros(24)
        for day in range(days):
            answer[kind, day] = np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), 0.0)
            counts = 1.0 if rests[day] == bool(kind) else OTHER_KIND_OF_DAY
            seen = ~np.isnan(grid[day])
            total = DAILY_MEMORY * total + counts * np.where(seen, grid[day], 0.0)
            weight = DAILY_MEMORY * weight + counts * seen
    return answer


def _deviation(net_wh: Floats, profiles: Floats, calendar: Calendar) -> Floats:
    """By how much the hours before each hour missed their profile, on average, Wh."""
    past = len(net_wh)
    usual = profiles[calendar.rest[:past].astype(np.int64), calendar.day[:past], calendar.place[:past]]
    sums = np.concatenate(([0.0], np.cumsum(net_wh - usual)))
    first = np.maximum(np.arange(past) - RECENT_SLOTS, 0)
    return np.asarray((sums[np.arange(past)] - sums[first]) / np.maximum(np.arange(past) - first, 1))


def _fading() -> Floats:
    return np.asarray(CORRECTION_DECAY ** np.arange(1, STEPS + 1))
