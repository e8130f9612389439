"""Local time as the tariff sees it: days between two midnights, slots, and the 2.0TD periods.

Sources: Circular CNMC 3/2020 art. 7.3 for the periods; national holidays without those that move or may be
replaced, so Good Friday and regional days count as ordinary days.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Period = Literal["P1", "P2", "P3"]

MADRID = ZoneInfo("Europe/Madrid")

FIXED_HOLIDAYS = {(1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)}


def _hours(p1: set[int], p2: set[int]) -> tuple[Period, ...]:
    return tuple("P1" if hour in p1 else "P2" if hour in p2 else "P3" for hour in range(24))


_MOST = _hours({10, 11, 12, 13, 18, 19, 20, 21}, {8, 9, 14, 15, 16, 17, 22, 23})
_AFRICA = _hours({11, 12, 13, 14, 19, 20, 21, 22}, {8, 9, 10, 15, 16, 17, 18, 23})
# By the region's own clock.
WORKING_DAY: dict[str, tuple[Period, ...]] = {
    "peninsula": _MOST, "balearic": _MOST, "canary": _MOST, "ceuta": _AFRICA, "melilla": _AFRICA,
}  # fmt: skip


@lru_cache(maxsize=4096)
def is_off_peak_day(day: date) -> bool:
    """Whether all of a civil day is P3: Saturday, Sunday, 6 January and fixed national holidays."""
    return day.weekday() >= 5 or (day.month, day.day) in FIXED_HOLIDAYS


def period(start: datetime, zone: ZoneInfo = MADRID, region: str = "peninsula") -> Period:
    """The 2.0TD period of an interval by its local START; `start` is an aware instant.

    >>> period(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))  # Monday, 10:00 in Madrid
    'P1'
    >>> period(datetime(2026, 4, 3, 9, 0, tzinfo=UTC))  # Good Friday is an ordinary day
    'P1'
    """
    local = start.astimezone(zone)
    return "P3" if is_off_peak_day(local.date()) else WORKING_DAY[region][local.hour]


def local_day(day: date, zone: ZoneInfo = MADRID) -> tuple[datetime, datetime]:
    """The UTC instants `[start, end)` of a civil day: 23, 24 or 25 hours apart."""
    first = datetime.combine(day, time(), zone).astimezone(UTC)
    last = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return first, last


def month_span(year: int, month: int, zone: ZoneInfo = MADRID) -> tuple[datetime, datetime]:
    """The UTC instants `[start, end)` of a civil month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return local_day(date(year, month, 1), zone)[0], local_day(following, zone)[0]


def slots_of(start: datetime, end: datetime, minutes: int) -> list[datetime]:
    """Starts of the slots of `minutes` in `[start, end)`, in UTC.

    >>> len(slots_of(*local_day(date(2026, 10, 25)), 15))
    100
    """
    step = timedelta(minutes=minutes)
    count = -((start - end) // step)
    return [start + step * i for i in range(max(count, 0))]
