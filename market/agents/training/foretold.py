"""What was forecast at every hour of the past, as if each hour were the present: nothing looks ahead.

The profile of `market/agents/forecast.py` for a whole street at once: the same hour of the days before, recent
days and days of the same kind counting more, moved by how the last hours deviated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.agents.forecast import (
    CORRECTION_DECAY,
    DAILY_MEMORY,
    OTHER_KIND_OF_DAY,
    RECENT_SLOTS,
    Floats,
    Ints,
)

STEPS = 36  # the present hour and 35 after it


@dataclass(frozen=True, eq=False, slots=True)
class Calendar:
    """Local day (from 0), hour of that day and whether it is a rest day, for past hours and `STEPS` more."""

    day: Ints
    hour: Ints
    rests: NDArray[np.bool_]


def foretold(net_wh: Floats, calendar: Calendar) -> Floats:
    """The street's net load (Wh) as forecast at each hour: `[hour, step]`, step k saying hour + k.

    `net_wh` `[hour]` is what came. A forecast knows the hours before its own.
    """
    hours = len(net_wh)
    profiles = _profiles(net_wh, calendar)
    targets = np.arange(hours)[:, None] + np.arange(STEPS)
    issued = calendar.day[:hours, None]
    kind = calendar.rests[targets].astype(np.int64)
    expected = profiles[kind, issued, calendar.hour[targets]]
    return np.asarray(expected + _deviation(net_wh, profiles, calendar)[:, None] * _fading())


def _profiles(net_wh: Floats, calendar: Calendar) -> Floats:
    """Weighted means of the days before each day, `[rest day, day, hour]`; 0 where nothing is known."""
    days, past = int(calendar.day[-1]) + 1, len(net_wh)
    grid = np.full((days, 24), np.nan)
    grid[calendar.day[:past], calendar.hour[:past]] = net_wh
    rests = np.zeros(days, dtype=bool)
    rests[calendar.day] = calendar.rests
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
    usual = profiles[calendar.rests[:past].astype(np.int64), calendar.day[:past], calendar.hour[:past]]
    sums = np.concatenate(([0.0], np.cumsum(net_wh - usual)))
    first = np.maximum(np.arange(past) - RECENT_SLOTS, 0)
    return np.asarray((sums[np.arange(past)] - sums[first]) / np.maximum(np.arange(past) - first, 1))


def _fading() -> Floats:
    return np.asarray(CORRECTION_DECAY ** np.arange(1, STEPS + 1))
