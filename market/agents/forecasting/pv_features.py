"""What tells of a roof's yield in a slot ahead: clear days of late, like slots of past days, how bright it is."""

from dataclasses import dataclass

import numpy as np

from market.agents.forecasting.calendar import Floats, Ints
from market.agents.forecasting.history import History
from market.agents.forecasting.load_features import Singles, stacked
from market.agents.forecasting.running import (
    BEFORE,
    FAST,
    SLOW,
    Grid,
    running_mean,
    running_most,
    running_scale,
    window_sums,
)

CLEAR_MEMORY = 0.95  # a clear day is remembered for two weeks, and slowly given up as seasons turn
SPREAD_MEMORY = 0.93
LEAST_SPREAD = 0.03  # of a clear sky
NOW_H, TODAY_H = 3, 24
BRIGHTEST = 1.5  # of a clear sky: beyond it the clear sky is not known yet


@dataclass(frozen=True, slots=True)
class PvFeatures:
    """Running figures of the yield; `clear` is the best of each place of the day of late: the clear sky.

    `lags`, `means`, `clear` and `spread` lie flat on the grid (homes x positions); `brightness` has an entry an
    issue (homes x slots + 1): yield over clear-sky yield of the last hours and of the last day, the home's own
    and that of all roofs. `sky` is the forecast irradiance over that of clear days (slots), if there is one.
    """

    grid: Grid
    target: Floats
    lags: Floats
    means: tuple[Floats, Floats]
    clear: Floats
    spread: Floats
    scale: Floats
    brightness: tuple[Floats, ...]
    sky: Floats | None

    @classmethod
    def of(cls, history: History, ahead: int, *, with_weather: bool) -> "PvFeatures":
        """Features of issues at every slot of the history and just after it, `ahead` slots far."""
        grid = Grid.of(history.calendar(ahead))
        homes, slots = history.pv_wh.shape
        laid = grid.laid(history.pv_wh)
        every = np.ones(laid.shape[1])
        fast, slow = (
            np.nan_to_num(running_mean(laid, every, memory)).reshape(homes, -1) for memory in (FAST, SLOW)
        )
        clear = running_most(laid, CLEAR_MEMORY).reshape(homes, -1)
        day_before = grid.position[:slots] - grid.calendar.per_day
        strayed = grid.laid(np.abs(history.pv_wh - fast[:, day_before]))
        day = grid.calendar.day[: slots + 1]
        return cls(
            grid=grid,
            target=np.pad(history.pv_wh, ((0, 0), (0, ahead)), constant_values=np.nan),
            lags=laid.reshape(homes, -1),
            means=(fast, slow),
            clear=clear,
            spread=np.nan_to_num(running_mean(strayed, every, SPREAD_MEMORY)).reshape(homes, -1),
            scale=running_scale(laid)[:, day + BEFORE - 1],
            brightness=_brightness(history.pv_wh, clear[:, day_before], 60 // history.slot_minutes),
            sky=_sky(history, grid, ahead) if with_weather else None,
        )

    def columns(self, issues: Ints, step: int) -> Singles:
        """Features x homes x issues for the slots `issues + step` (Wh), the mean of the latest days first.

        All are 0 by night and without panels.
        """
        seen = self.grid.seen_at(issues, step)
        per_day = self.grid.calendar.per_day
        fast, slow = (mean[:, seen] for mean in self.means)
        clear = self.clear[:, seen]
        rows = [fast, slow, clear]
        for at in (seen, np.maximum(seen - per_day, 0)):
            lag = self.lags[:, at]
            rows.append(np.where(np.isnan(lag), fast, lag))
        rows += [clear * part[:, issues] for part in self.brightness]
        angle = 2 * np.pi * (self.grid.calendar.place[issues + step] + 0.5) / per_day
        rows += [clear * np.sin(angle), clear * np.cos(angle)]
        if self.sky is not None:
            sky = self.sky[issues + step]
            rows.append(np.where(np.isnan(sky), fast, clear * np.nan_to_num(sky)))
        return stacked(rows)

    def width(self, issues: Ints, step: int) -> Floats:
        """How far the yield usually strays at that place of the day (homes x issues, Wh)."""
        seen = self.grid.seen_at(issues, step)
        return np.maximum(self.spread[:, seen], LEAST_SPREAD * self.clear[:, seen])


def _brightness(pv_wh: Floats, clear_wh: Floats, per_hour: int) -> tuple[Floats, ...]:
    """Yield over clear-sky yield before each instant: own of now and today, all roofs' of now and today."""
    clear_wh = np.where(np.isnan(pv_wh), np.nan, clear_wh)
    fleet = (np.nansum(pv_wh, axis=0, keepdims=True), np.nansum(clear_wh, axis=0, keepdims=True))
    own = _ratios(pv_wh, clear_wh, per_hour)
    all_roofs = _ratios(*fleet, per_hour)
    return (*own, *(np.broadcast_to(part, own[0].shape) for part in all_roofs))


def _ratios(pv_wh: Floats, clear_wh: Floats, per_hour: int) -> tuple[Floats, Floats]:
    """Of now and of the last day; by night, when now says nothing, now is as the last day."""
    clear_day = window_sums(clear_wh, TODAY_H * per_hour)
    day = np.clip(window_sums(pv_wh, TODAY_H * per_hour) / np.where(clear_day > 0, clear_day, 1.0), 0.0, BRIGHTEST)
    weight = clear_day / TODAY_H  # a mean hour's clear sky: what the day counts beside the last hours
    clear_now = window_sums(clear_wh, NOW_H * per_hour)
    both = clear_now + weight
    now = (window_sums(pv_wh, NOW_H * per_hour) + day * weight) / np.where(both > 0, both, 1.0)
    return np.clip(now, 0.0, BRIGHTEST), day


def _sky(history: History, grid: Grid, ahead: int) -> Floats:
    """Forecast irradiance over the greatest of that place of the day so far (slots), NaN by night or unknown."""
    light = history.weather_ahead(ahead).irradiance_w_m2
    most = running_most(grid.laid(light[None, :]), CLEAR_MEMORY).reshape(-1)[grid.position]
    bright = most > 20  # W/m²: below it is dusk
    answer: Floats = np.where(bright, light / np.where(bright, most, 1.0), np.nan)
    return answer
