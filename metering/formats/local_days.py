"""Days as people count them: 23, 24 or 25 hours between two local midnights, and how files label them."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from metering.formats.cells import DAY_MINUTES

# How files name an interval of the day; the first four differ on clock-change days only.
DIALECTS = ("counted", "end", "start_plus_one", "start_plus_one_25", "start")


def midnight(zone: ZoneInfo, day: int) -> datetime:
    """The instant (UTC) at which a local day begins."""
    return datetime.combine(date.fromordinal(day), datetime.min.time(), zone).astimezone(UTC)


@lru_cache(maxsize=4_096)
def starts(zone: ZoneInfo, day: int, minutes: int) -> tuple[datetime, ...]:
    """Starts (UTC) of the intervals of one local day: 92, 96 or 100 quarters of an hour."""
    begin, end = midnight(zone, day), midnight(zone, day + 1)
    step = timedelta(minutes=minutes)
    return tuple(begin + i * step for i in range((end - begin) // step))


@lru_cache(maxsize=8_192)
def labels(zone: ZoneInfo, day: int, minutes: int, dialect: str) -> tuple[int, ...]:
    """What each interval of a local day is called (minutes of the day) in one of `DIALECTS`."""
    step = timedelta(minutes=minutes)
    instants = starts(zone, day, minutes)
    if dialect == "counted":
        return tuple((i + 1) * minutes for i in range(len(instants)))
    if dialect == "end":
        return tuple(_wall(zone, start + step) or DAY_MINUTES for start in instants)
    if dialect == "start":
        return tuple(_wall(zone, start) for start in instants)
    named = [_wall(zone, start) + minutes for start in instants]
    if dialect == "start_plus_one_25":
        named = [
            DAY_MINUTES + label % 60 + (0 if label % 60 else 60) if label in named[:i] else label
            for i, label in enumerate(named)
        ]
    return tuple(named)


def _wall(zone: ZoneInfo, instant: datetime) -> int:
    local = instant.astimezone(zone)
    return local.hour * 60 + local.minute


def is_change(zone: ZoneInfo, day: int) -> bool:
    """Whether the clocks change on a local day."""
    return len(starts(zone, day, 60)) != 24


def instant_of(zone: ZoneInfo, day: int, label: int, season: int) -> datetime | None:
    """The instant (UTC) of a local label whose season is told: 1 summer time, 0 winter time.

    None where the season contradicts the date; on the two days of a change both are taken at their word.
    """
    year = date.fromordinal(day).year
    offset = datetime(year, 7 if season else 1, 1, tzinfo=zone).utcoffset() or timedelta(0)
    naive = datetime.combine(date.fromordinal(day), datetime.min.time(), UTC) + timedelta(minutes=label)
    instant = naive - offset
    local = instant.astimezone(zone)
    if local.replace(tzinfo=UTC) != naive and not is_change(zone, day):
        return None
    return instant
