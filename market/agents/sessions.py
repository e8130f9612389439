"""When a simulated car stands at its charger and what it needs: a function of seed, home and date only."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

WEEKDAY_CHANCE, WEEKEND_CHANCE = 0.7, 0.4
NEED_WH = (6_000, 18_000)
ARRIVES = (18 * 60 + 30, 20 * 60)  # local minutes of the day
LEAVES = (7 * 60 + 15, 7 * 60 + 45)


@dataclass(frozen=True, slots=True)
class EvSession:
    """A car plugged in during `[arrives, leaves)` (UTC) that needs `need_wh` (AC) by then."""

    arrives: datetime
    leaves: datetime
    need_wh: int


@lru_cache(maxsize=4096)
def session_of(seed: int, home: int, evening: date, zone: ZoneInfo) -> EvSession | None:
    """The session that starts on a local evening, or None if the car stays away or needs nothing.

    >>> session_of(1, 4, date(2026, 11, 2), ZoneInfo("Europe/Madrid")) == session_of(
    ...     1, 4, date(2026, 11, 2), ZoneInfo("Europe/Madrid")
    ... )
    True
    """
    chance = np.random.default_rng([seed, home, evening.toordinal()])
    if chance.random() >= (WEEKDAY_CHANCE if evening.weekday() < 5 else WEEKEND_CHANCE):
        return None
    arrives = _at(evening, int(chance.integers(*ARRIVES, endpoint=True)), zone)
    leaves = _at(evening + timedelta(days=1), int(chance.integers(*LEAVES, endpoint=True)), zone)
    return EvSession(
        arrives, leaves, int(chance.integers(NEED_WH[0] // 100, NEED_WH[1] // 100, endpoint=True)) * 100
    )


def session_at(seed: int, home: int, start: datetime, zone: ZoneInfo) -> EvSession | None:
    """The session under way at `start` (aware), if any."""
    today = start.astimezone(zone).date()
    for evening in (today, today - timedelta(days=1)):
        session = session_of(seed, home, evening, zone)
        if session is not None and session.arrives <= start < session.leaves:
            return session
    return None


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)
