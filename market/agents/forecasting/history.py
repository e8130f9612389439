"""What a forecast may look at: the metered past of all homes of a community, gaps as NaN."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from market.agents.forecasting.calendar import DAY_MINUTES, Calendar, Floats


class ShortHistory(ValueError):
    """There is too little metered past to learn from."""


@dataclass(frozen=True, slots=True)
class Weather:
    """A weather forecast, slot by slot from the history's first slot on, as far as it reaches; NaN is unknown.

    `temperature_c` in °C, `irradiance_w_m2` of the whole sky on level ground in W/m².
    """

    temperature_c: Floats
    irradiance_w_m2: Floats


@dataclass(frozen=True, slots=True)
class History:
    """Load and PV of homes (homes x slots, Wh a slot, NaN where nothing is known), the oldest slot first.

    `load_wh` leaves out steered devices; `pv_wh` is 0 for homes without panels. `first` is the aware start of
    the first slot, `slot_minutes` 15, 30 or 60; `is_rest_day` tells weekends and holidays of local days.
    Raises ValueError where shapes differ.
    """

    load_wh: Floats
    pv_wh: Floats
    first: datetime
    slot_minutes: int
    zone: ZoneInfo
    is_rest_day: Callable[[date], bool]
    weather: Weather | None = None

    def __post_init__(self) -> None:
        if self.load_wh.ndim != 2 or self.load_wh.shape != self.pv_wh.shape:
            raise ValueError(f"Load and PV must be homes x slots: {self.load_wh.shape}, {self.pv_wh.shape}.")
        if self.slot_minutes not in (15, 30, 60):
            raise ValueError(f"A slot takes 15, 30 or 60 minutes, not {self.slot_minutes}.")

    @property
    def homes(self) -> int:
        """How many homes."""
        return int(self.load_wh.shape[0])

    @property
    def slots(self) -> int:
        """How many slots are past."""
        return int(self.load_wh.shape[1])

    def calendar(self, ahead: int) -> Calendar:
        """Local days and places of the past slots and of `ahead` more."""
        return Calendar.of(self.first, self.slots + ahead, self.slot_minutes, self.zone, self.is_rest_day)

    def of_homes(self, homes: list[int]) -> "History":
        """The history of some homes, by row."""
        return replace(self, load_wh=self.load_wh[homes], pv_wh=self.pv_wh[homes])

    def until(self, slots: int) -> "History":
        """The first `slots` slots."""
        return replace(self, load_wh=self.load_wh[:, :slots], pv_wh=self.pv_wh[:, :slots])

    @property
    def days_with_weather(self) -> float:
        """How many past days the weather forecast covers."""
        told = self.weather_ahead(0)
        known = ~(np.isnan(told.temperature_c) & np.isnan(told.irradiance_w_m2))
        return float(known.sum()) * self.slot_minutes / DAY_MINUTES

    def weather_ahead(self, ahead: int) -> Weather:
        """The weather forecast of the past slots and of `ahead` more, NaN where there is none."""
        size = self.slots + ahead
        known = self.weather or Weather(np.empty(0), np.empty(0))
        return Weather(_sized(known.temperature_c, size), _sized(known.irradiance_w_m2, size))


def _sized(values: Floats, size: int) -> Floats:
    answer = np.full(size, np.nan)
    answer[: min(size, len(values))] = values[:size]
    return answer
