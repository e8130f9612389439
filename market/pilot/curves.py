"""A scenario's year as arrays: load and sun of every home, prices by the hour, cars' stays and forecasts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from community.demo.homes import curves
from community.tariffs import Period, is_off_peak_day, local_day, period
from market.agents.forecasting.calendar import Calendar
from market.agents.sessions import EvSession, session_of
from market.agents.training.foretold import STEPS, by_profile
from market.pilot.readings import hour_of_year
from market.pilot.scenario import PilotHome, Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

HOUR = timedelta(hours=1)
BEFORE = 28 * 24  # hours of past that the first forecasts have
TYPICAL = 12  # curves of real homes
TYPICAL_PV = 0  # the curve with panels whose sun stands for everybody's


@dataclass(frozen=True, eq=False, slots=True)
class Year:
    """Hours from `first` (UTC) on: the year with a month before it; arrays are `[home, hour]`, Wh.

    `begin` is the hour at which the year begins; `foretold_wh` `[home, hour, step]` is what is forecast of the net
    load without steered devices at each hour, of that hour and those after it.
    """

    first: datetime
    begin: int
    zone: ZoneInfo
    load_wh: Ints
    sun_wh: Ints
    foretold_wh: NDArray[np.float32]
    periods: tuple[Period, ...]

    @property
    def hours(self) -> int:
        """How many hours."""
        return int(self.load_wh.shape[1])

    def start(self, hour: int) -> datetime:
        """The instant at which an hour begins."""
        return self.first + HOUR * hour

    def hour_of(self, instant: datetime) -> int:
        """The hour in which an instant lies."""
        return (instant - self.first) // HOUR


def year_of(scenario: Scenario) -> Year:
    """The scenario's year. Readings of the homes themselves are laid on it by the local hour of the year."""
    zone = ZoneInfo(scenario.timezone)
    start = local_day(date(scenario.year, 1, 1), zone)[0]
    end = local_day(date(scenario.year + 1, 1, 1), zone)[0]
    first = start - HOUR * BEFORE
    hours = (end - first) // HOUR
    load = np.array([_load(home, first, hours, zone) for home in scenario.homes])
    sun = np.array([_sun(home, first, hours) for home in scenario.homes])
    calendar = Calendar.of(first, hours + STEPS, 60, zone, is_off_peak_day)
    foretold = np.array([by_profile((load[i] - sun[i]).astype(float), calendar) for i in range(len(load))])
    periods = tuple(period(first + HOUR * hour, zone) for hour in range(hours + STEPS))
    return Year(first, BEFORE, zone, load, sun, foretold.astype(np.float32), periods)


def _load(home: PilotHome, first: datetime, hours: int, zone: ZoneInfo) -> Ints:
    """The home's own readings, or a real home's curve scaled to what it takes in a year."""
    if home.load_wh:
        own = np.array(home.load_wh, dtype=np.int64)
        places = [hour_of_year((first + HOUR * hour).astimezone(zone)) for hour in range(hours)]
        return np.asarray(own[np.array(places) % len(own)])
    load = _hourly(home.curve % TYPICAL, first, hours)[0]
    return np.asarray(np.rint(load * (home.yearly_wh / load[-8_760:].sum())).astype(np.int64))


def _sun(home: PilotHome, first: datetime, hours: int) -> Ints:
    if not home.pv_w:
        return np.zeros(hours, dtype=np.int64)
    sun = _hourly(TYPICAL_PV, first, hours)[1]
    return np.asarray(np.rint(sun * (home.pv_w * home.pv_yield_wh_w / sun[-8_760:].sum())).astype(np.int64))


def _hourly(curve: int, first: datetime, hours: int) -> tuple[Floats, Floats]:
    """A real home's load and sun by the hour."""
    load, sun = curves(curve, first, hours * 4)
    return (np.array(load, float).reshape(-1, 4).sum(axis=1), np.array(sun, float).reshape(-1, 4).sum(axis=1))


def stays(scenario: Scenario, year: Year) -> list[list[EvSession]]:
    """By home its car's stays, in order; none without a charger."""
    first = year.first.astimezone(year.zone).date()
    evenings = [first + timedelta(days=day) for day in range(year.hours // 24 + 1)]
    found: list[list[EvSession]] = []
    for i, home in enumerate(scenario.homes):
        sessions = (session_of(scenario.seed, i, evening, year.zone) for evening in evenings if home.ev_w)
        found.append([one for one in sessions if one is not None])
    return found


def month_hours(year: Year, month: int) -> tuple[int, int]:
    """The hours `[first, end)` of a civil month, 1 to 12."""
    begin = year.start(year.begin).astimezone(year.zone).year
    start = local_day(date(begin, month, 1), year.zone)[0]
    end = local_day(date(begin + month // 12, month % 12 + 1, 1), year.zone)[0]
    return year.hour_of(start), year.hour_of(end.astimezone(UTC))
