"""What tells of a home's load in a slot ahead: like slots of past days, the last hours, the clock."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.agents.forecasting.calendar import Floats, Ints
from market.agents.forecasting.history import History
from market.agents.forecasting.running import (
    BEFORE,
    FAST,
    OTHER_KIND_OF_DAY,
    SLOW,
    Grid,
    running_mean,
    running_scale,
    window_means,
)

Singles = NDArray[np.float32]

HARMONICS = 3
WINDOWS_H = (1, 3, 6, 24)
COLD_C, HOT_C = 16.0, 23.0  # outside these a home heats or cools
SPREAD_MEMORY = 0.93
LEAST_SPREAD = 0.1  # of the home's mean slot: no home is foretold to the watt-hour


@dataclass(frozen=True, slots=True)
class LoadFeatures:
    """Running figures of the load, laid out so that the features of any issue and step are a few look-ups.

    `lags`, `means` and `spread` lie flat on the grid (homes x positions), `recent` and `scale` have an entry
    an issue (homes x slots + 1): what is known just before that slot.
    """

    grid: Grid
    target: Floats
    lags: Floats
    means: tuple[tuple[Floats, Floats], ...]
    spread: Floats
    scale: Floats
    recent: tuple[Floats, ...]
    weather: tuple[Floats, ...]

    @classmethod
    def of(cls, history: History, ahead: int, *, with_weather: bool) -> "LoadFeatures":
        """Features of issues at every slot of the history and just after it, `ahead` slots far."""
        grid = Grid.of(history.calendar(ahead))
        laid = grid.laid(history.load_wh)
        scale = running_scale(laid)
        rests = grid.rests()
        kinds = [np.where(rests == kind, 1.0, OTHER_KIND_OF_DAY) for kind in (False, True)]
        filler = scale[:, :, None]
        means = tuple(
            (_filled(running_mean(laid, kind, FAST), filler), _filled(running_mean(laid, kind, SLOW), filler))
            for kind in kinds
        )
        expected = _expected(grid, means, history.slots)
        homes, slots = history.load_wh.shape
        day = grid.calendar.day[: slots + 1]
        known_scale = scale[:, day + BEFORE - 1]  # with the day before
        deviation = history.load_wh - expected
        return cls(
            grid=grid,
            target=_padded(history.load_wh, ahead),
            lags=laid.reshape(homes, -1),
            means=means,
            spread=_spread(grid, deviation, scale),
            scale=known_scale,
            recent=_recent(deviation, known_scale, 60 // history.slot_minutes),
            weather=_degrees(history, ahead) if with_weather else (),
        )

    def columns(self, issues: Ints, step: int) -> Singles:
        """Features x homes x issues for the slots `issues + step`, the mean of like days first (Wh)."""
        seen = self.grid.seen_at(issues, step)
        target = issues + step
        per_day = self.grid.calendar.per_day
        rest = self.grid.calendar.rest[target]
        own, other = (_of_kind(self.means, kind, seen) for kind in (rest, ~rest))
        fallback = own[0]
        scale = self.scale[:, issues]
        week = np.maximum(self.grid.position[target] - 7 * per_day, 0)
        rows = [*own, other[0]]
        rows += [_known(self.lags[:, at], fallback) for at in (seen, np.maximum(seen - per_day, 0), week)]
        rows.append(_around(self.means, rest, np.maximum(seen - per_day, 0), per_day // 24))
        rows += [part[:, issues] for part in self.recent]
        rows += [scale * shape for shape in self._clock(target)]
        alike = np.maximum(target - (step // per_day + 1) * per_day, 0)
        rows += [scale * (part[target] - part[alike]) for part in self.weather]
        rows += [scale * part[target] for part in self.weather]
        return stacked(rows)

    def _clock(self, target: Ints) -> list[Floats]:
        """Harmonics of the local time of day, once for all days and once for rest days."""
        angle = 2 * np.pi * (self.grid.calendar.place[target] + 0.5) / self.grid.calendar.per_day
        waves = [np.ones(len(target))]
        for i in range(1, HARMONICS + 1):
            waves += [np.sin(i * angle), np.cos(i * angle)]
        rest = self.grid.calendar.rest[target].astype(float)
        return waves + [rest * wave for wave in waves]

    def width(self, issues: Ints, step: int) -> Floats:
        """How far the home's load usually strays at that place of the day (homes x issues, Wh)."""
        usual = self.spread[:, self.grid.seen_at(issues, step)]
        return np.maximum(usual, LEAST_SPREAD * self.scale[:, issues])


def stacked(rows: Sequence[Floats]) -> Singles:
    """Rows of one shape in one array of single precision: twice as fast, and far finer than any meter."""
    answer = np.empty((len(rows), *rows[0].shape), dtype=np.float32)
    for i, row in enumerate(rows):
        answer[i] = row
    return answer


def _padded(values: Floats, ahead: int) -> Floats:
    return np.pad(values, ((0, 0), (0, ahead)), constant_values=np.nan)


def _filled(values: Floats, filler: Floats) -> Floats:
    return np.where(np.isnan(values), filler, values).reshape(values.shape[0], -1)


def _known(values: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isnan(values), otherwise, values)


def _of_kind(means: tuple[tuple[Floats, Floats], ...], rest: NDArray[np.bool_], at: Ints) -> tuple[Floats, Floats]:
    """The fast and the slow mean for a working day or, where `rest`, for a rest day."""
    (fast, slow), (rest_fast, rest_slow) = means
    return np.where(rest, rest_fast[:, at], fast[:, at]), np.where(rest, rest_slow[:, at], slow[:, at])


def _around(means: tuple[tuple[Floats, Floats], ...], rest: NDArray[np.bool_], at: Ints, reach: int) -> Floats:
    """The fast mean an hour before and after the place, from a day earlier so that both are known."""
    sides = [np.maximum(at - reach, 0), at + reach]
    first, second = (_of_kind(means, rest, side)[0] for side in sides)
    answer: Floats = (first + second) / 2
    return answer


def _expected(grid: Grid, means: tuple[tuple[Floats, Floats], ...], slots: int) -> Floats:
    """What the fast mean of the day before says of every past slot."""
    at = grid.position[:slots] - grid.calendar.per_day
    return _of_kind(means, grid.calendar.rest[:slots], at)[0]


def _spread(grid: Grid, deviation: Floats, scale: Floats) -> Floats:
    """Running mean of the absolute deviation of each place."""
    laid = grid.laid(np.abs(deviation))
    mean = running_mean(laid, np.ones(laid.shape[1]), SPREAD_MEMORY)
    return _filled(mean, scale[:, :, None] / 2)


def _recent(deviation: Floats, scale: Floats, per_hour: int) -> tuple[Floats, ...]:
    """How far the last hours strayed from what was expected: of the home, and of all homes by their scale."""
    widths = sorted({1, *(hours * per_hour for hours in WINDOWS_H)})
    own = [window_means(deviation, width) for width in widths]
    relative = deviation / np.where(scale[:, :-1] > 0, scale[:, :-1], np.nan)
    seen = ~np.isnan(relative)
    fleet = np.where(seen, relative, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return (*own, *(scale * window_means(fleet, hours * per_hour) for hours in (3, 24)))


def _degrees(history: History, ahead: int) -> tuple[Floats, ...]:
    """Degrees (°C) below and above comfort by slot, 0 where the weather is unknown."""
    warmth = history.weather_ahead(ahead).temperature_c
    return (np.nan_to_num(np.maximum(COLD_C - warmth, 0.0)), np.nan_to_num(np.maximum(warmth - HOT_C, 0.0)))
