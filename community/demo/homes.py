"""Load and PV of the demo's homes for any date, from real curves (`CURVES.md`).

A UTC hour of Valencia takes the same hour of Fontana's standard time: the sun stands as high in both (solar
noon about 12:00 and 11:50), and people there live about an hour earlier by their clock than people here. UTC
days have 24 hours, so local days of 23 and 25 hours need no rule of their own.
"""

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from community.demo.neighbourhood import HOMES

SOURCE_FIRST, SOURCE_LAST = date(2016, 8, 1), date(2017, 6, 18)
HOURS, QUARTERS = 24, 96
PV_W = {home.curve: home.pv_w for home in HOMES if home.pv_w}
LOAD_SPREAD = 0.35  # how far a quarter of an hour strays from its hour's mean, either way
PV_SPREAD = 0.1
# Homes without a column of their own: whose load they have, so many weeks later, and whose sun, of the same day.
AS_OTHERS = {12: (1, 2, 2), 13: (6, 3, 7)}

Hourly = NDArray[np.int64]


def curves(home_index: int, first_utc: datetime, slots: int) -> tuple[list[int], list[int]]:
    """Load and PV (Wh) of a home's curve in `slots` quarter hours from `first_utc` on, always the same.

    `first_utc` is an aware instant on a quarter hour. Four quarters add up to their hour.
    Raises ValueError for an instant between quarters.
    """
    first_utc = first_utc.astimezone(UTC)
    if first_utc.minute % 15 or first_utc.second or first_utc.microsecond:
        raise ValueError(f"{first_utc} is not the start of a quarter hour.")
    skipped = first_utc.hour * 4 + first_utc.minute // 15
    load_wh: list[int] = []
    pv_wh: list[int] = []
    for i in range(-(-(skipped + slots) // QUARTERS)):
        load, pv = _day(home_index, first_utc.date() + timedelta(days=i))
        load_wh += load
        pv_wh += pv
    return load_wh[skipped : skipped + slots], pv_wh[skipped : skipped + slots]


def source_day(day: date) -> date:
    """The day of the source year that stands for `day`: the same time of year and the same day of the week.

    The source ends on 18 June and starts again on 1 August; days between are mirrored at the nearer edge, so
    that early July looks like early June.

    >>> source_day(date(2026, 11, 23))  # both Mondays
    datetime.date(2016, 11, 21)
    """
    month_day = (day.month, day.day) if (day.month, day.day) != (2, 29) else (2, 28)
    year = SOURCE_FIRST.year if month_day >= (SOURCE_FIRST.month, SOURCE_FIRST.day) else SOURCE_LAST.year
    alike = date(year, *month_day)
    if alike > SOURCE_LAST:
        into_gap = (alike - SOURCE_LAST).days
        before_end = (SOURCE_FIRST.replace(year=year) - alike).days
        if into_gap <= before_end:
            alike = SOURCE_LAST - timedelta(days=into_gap - 1)
        else:
            alike = SOURCE_FIRST + timedelta(days=before_end - 1)
    shift = (day.weekday() - alike.weekday() + 3) % 7 - 3
    same_weekday = alike + timedelta(days=shift)
    if same_weekday > SOURCE_LAST:
        return same_weekday - timedelta(days=7)
    if same_weekday < SOURCE_FIRST:
        return same_weekday + timedelta(days=7)
    return same_weekday


@lru_cache(maxsize=4096)
def _day(home_index: int, day: date) -> tuple[list[int], list[int]]:
    """Load and PV (Wh) of the 96 quarters of a UTC day."""
    load_of, weeks_later, sun_of = AS_OTHERS.get(home_index, (home_index, 0, home_index))
    chance = np.random.default_rng([home_index, day.toordinal()])
    load = _hours("homes_load_wh.csv", load_of, day + timedelta(weeks=weeks_later))
    shape = 1 + LOAD_SPREAD * chance.uniform(-1, 1, (HOURS, 4))
    load_wh = _quarters(load, shape)
    if home_index not in PV_W:
        return load_wh, [0] * QUARTERS
    pv = _hours("homes_pv_wh.csv", sun_of, day) * PV_W[home_index] // 1000
    shape = _slope(pv) * (1 + PV_SPREAD * chance.uniform(-1, 1, (HOURS, 4)))
    return load_wh, _quarters(pv, shape)


def _hours(file: str, home_index: int, day: date) -> Hourly:
    """The 24 hours of a column on the day of the source that stands for `day`."""
    row = (source_day(day) - SOURCE_FIRST).days * HOURS
    return _column(file, home_index)[row : row + HOURS]


def _slope(hourly_wh: Hourly) -> NDArray[np.float64]:
    """Quarters on straight lines between the middles of the hours, hours x 4."""
    middles = np.arange(HOURS) + 0.5
    at = (np.arange(QUARTERS) + 0.5) / 4
    line: NDArray[np.float64] = np.interp(at, middles, hourly_wh.astype(float))
    return line.reshape(HOURS, 4) + 1e-9


def _quarters(hourly_wh: Hourly, shape: NDArray[np.float64]) -> list[int]:
    """Each hour split into four whole parts in proportion to `shape` (hours x 4) that add up to it."""
    ends = np.floor(hourly_wh[:, None] * np.cumsum(shape, axis=1) / shape.sum(axis=1, keepdims=True) + 1e-6)
    ends[:, -1] = hourly_wh
    parts: list[int] = np.diff(ends, axis=1, prepend=0).astype(int).ravel().tolist()
    return parts


@cache
def _column(file: str, home_index: int) -> Hourly:
    names, rows = _table(file)
    return np.array([row[names.index(f"home{home_index}")] for row in rows], dtype=np.int64)


@cache
def _table(file: str) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    with Path(__file__).with_name(file).open(encoding="utf-8", newline="") as lines:
        next(lines)  # the attribution
        names, *rows = csv.reader(lines)
    return names, rows
