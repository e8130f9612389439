"""Running figures of the past, each from what was known at its own time: nothing here looks ahead.

A series of slots is laid on a grid of local days x places. What a day's column holds is known once that place
of that day is over, so a forecast may read the same place of the last day that has passed it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.agents.forecasting.calendar import Calendar, Floats, Ints

BEFORE = 9  # empty days in front of a grid, so that a look a week back stays on it
FAST, SLOW = 0.8, 0.96  # what a day counts of the day after it
OTHER_KIND_OF_DAY = 0.3  # a working day says this much about a rest day, and the other way round
SCALE_MEMORY = 0.9


@dataclass(frozen=True, slots=True)
class Grid:
    """A calendar's slots on days x places, laid flat; `position` (one a slot) is where each slot lies.

    `before` is, a slot, how many slots ago the same place of the day before was: 23 or 25 hours where clocks
    changed in between, very many where that place did not exist.
    """

    calendar: Calendar
    position: Ints
    index: Ints

    @classmethod
    def of(cls, calendar: Calendar) -> "Grid":
        """The grid of a calendar that is not empty."""
        days, per_day = int(calendar.day[-1]) + 1 + BEFORE, calendar.per_day
        position = (calendar.day + BEFORE) * per_day + calendar.place
        index = np.full(days * per_day, -1, dtype=np.int64)
        # Backwards: of an hour that comes twice the first counts, so that nothing later is read too early.
        index[position[::-1]] = np.arange(len(position))[::-1]
        return cls(calendar, position, index)

    def laid(self, values: Floats) -> Floats:
        """Values (homes x slots, maybe fewer slots than the calendar has) as homes x days x places, else NaN."""
        padded = np.full((values.shape[0], len(self.position) + 1), np.nan)
        padded[:, : values.shape[1]] = values
        per_day = self.calendar.per_day
        return padded[:, self.index].reshape(values.shape[0], -1, per_day)

    def rests(self) -> NDArray[np.bool_]:
        """Whether each day of the grid is a rest day."""
        return np.concatenate([np.zeros(BEFORE, dtype=bool), self.calendar.rest_of_day])

    def seen_at(self, issues: Ints, step: int) -> Ints:
        """Positions of the last known like places for the slots `issues + step`; known are slots before `issues`.

        These are whole days back, one more where clocks went forward in between.
        """
        target = issues + step
        per_day = self.calendar.per_day
        back = self.position[target] - (step // per_day + 1) * per_day
        late = self.index[np.maximum(back, 0)] >= issues
        answer: Ints = np.maximum(back - late * per_day, 0)
        return answer


def running_mean(grid: Floats, weights: Floats, memory: float) -> Floats:
    """Mean of each place over the days up to and with each day (homes x days x places), NaN while unseen.

    `weights` has one entry a day; a day counts `memory` of the day after it.
    """
    seen = ~np.isnan(grid)
    filled = np.where(seen, grid, 0.0)
    answer = np.empty_like(grid)
    total = np.zeros_like(grid[:, 0])
    count = np.zeros_like(total)
    for day, weight in enumerate(weights.tolist()):
        total = memory * total + weight * filled[:, day]
        count = memory * count + weight * seen[:, day]
        answer[:, day] = np.where(count > 0, total / np.where(count > 0, count, 1.0), np.nan)
    return answer


def running_most(grid: Floats, memory: float) -> Floats:
    """Greatest value of each place so far, a day counting `memory` of the day after it; 0 while unseen."""
    answer = np.empty_like(grid)
    most = np.zeros_like(grid[:, 0])
    for day in range(grid.shape[1]):
        most = np.fmax(memory * most, grid[:, day])
        answer[:, day] = most
    return answer


def running_scale(grid: Floats) -> Floats:
    """What a home takes in a mean slot, from the days up to and with each day (homes x days, Wh; 0 if unseen)."""
    seen = ~np.isnan(grid)
    counts = seen.sum(axis=2)
    means = np.where(counts > 0, np.where(seen, grid, 0.0).sum(axis=2) / np.maximum(counts, 1), np.nan)
    scale = running_mean(means[:, :, None], np.ones(grid.shape[1]), SCALE_MEMORY)[:, :, 0]
    return np.nan_to_num(scale, nan=0.0)


def window_sums(values: Floats, width: int) -> Floats:
    """Sums over the `width` slots before each instant (… x slots + 1); NaN counts as 0.

    >>> window_sums(np.array([1.0, np.nan, 4.0]), 2).tolist()
    [0.0, 1.0, 1.0, 4.0]
    """
    shape = (*values.shape[:-1], values.shape[-1] + 1)
    sums = np.zeros(shape)
    np.cumsum(np.nan_to_num(values, nan=0.0), axis=-1, out=sums[..., 1:])
    answer = sums.copy()
    answer[..., width:] -= sums[..., : shape[-1] - width]
    return answer


def window_means(values: Floats, width: int) -> Floats:
    """Means over what is known of the `width` slots before each instant (… x slots + 1), 0 if nothing is."""
    counts = window_sums((~np.isnan(values)).astype(float), width)
    return window_sums(values, width) / np.maximum(counts, 1.0)
