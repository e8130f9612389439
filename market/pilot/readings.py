"""A neighbour's meter file as a year of hours: gaps are filled by what the home usually takes."""

from calendar import isleap
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from market.agents.training.course import WEEK, fill
from metering.formats import FileReading

LEAP_DAY = (31 + 28) * 24
YEAR_HOURS = 8_784  # of a leap year, so that every hour of any year has its place
LEAST_HOURS = 28 * 24
IMPORT, EXPORT, SELF = 0, 1, 3


class TooLittle(ValueError):
    """A file that says too little to stand for a year: `hours` of the fewest that it takes."""

    def __init__(self, hours: int) -> None:
        super().__init__(f"{hours} hours of readings; it takes {LEAST_HOURS}.")
        self.hours = hours


@dataclass(frozen=True, slots=True)
class HomeCurve:
    """What a home takes in each hour of a year by the local clock (Wh), from how many hours that were read.

    `exports_wh` is what it gives already: such a home has panels of its own, whose yield at home is not in its
    load unless the file says so.
    """

    load_wh: tuple[int, ...]
    hours: int
    exports_wh: int


def curve_of(reading: FileReading, zone: ZoneInfo) -> HomeCurve:
    """The year that a file's hours make: later years replace earlier ones, gaps take the week's usual hour.

    What the home uses of its own panels counts as load where the file tells it. Raises `TooLittle`.
    """
    found: dict[tuple[int, int], list[int]] = {}
    exports = 0
    for interval in sorted(reading.intervals, key=lambda one: one.start):
        taken = interval.energies[IMPORT]
        if taken is None:
            continue
        exports += interval.energies[EXPORT] or 0
        local = interval.start.astimezone(zone)
        key = (local.year, hour_of_year(local))
        found.setdefault(key, []).append(taken + (interval.energies[SELF] or 0))
    per_hour = max(60 // reading.minutes, 1) if reading.minutes else 1
    hours = {key: sum(parts) for key, parts in sorted(found.items()) if len(parts) >= per_hour}
    if len(hours) < LEAST_HOURS:
        raise TooLittle(len(hours))
    return HomeCurve(_filled(hours, zone), len(hours), exports)


def _filled(hours: dict[tuple[int, int], int], zone: ZoneInfo) -> tuple[int, ...]:
    """The hours of a leap year, gaps filled by the home's usual hour of the week, else of the day.

    Weekdays are those of the latest year read; where that has no 29 February, the day before stands for it.
    """
    latest = max(year for year, _hour in hours)
    found = np.full(YEAR_HOURS, np.nan)
    for (_year, hour), energy_wh in hours.items():
        found[hour] = energy_wh
    if not isleap(latest):
        found = np.delete(found, np.s_[LEAP_DAY : LEAP_DAY + 24])
    weeks = np.full((-(-len(found) // WEEK) + 1) * WEEK, np.nan)
    first = datetime(latest, 1, 1, tzinfo=zone).weekday() * 24
    weeks[first : first + len(found)] = found
    year = fill(weeks[:, None])[first : first + len(found), 0]
    if not isleap(latest):
        year = np.insert(year, LEAP_DAY, year[LEAP_DAY - 24 : LEAP_DAY])
    return tuple(np.rint(year).astype(int).tolist())


def hour_of_year(local: datetime) -> int:
    """Place of an hour among those of a leap year, so that the first of March has one place in any year."""
    day = datetime(2024, local.month, local.day, tzinfo=local.tzinfo).timetuple().tm_yday - 1
    return day * 24 + local.hour
