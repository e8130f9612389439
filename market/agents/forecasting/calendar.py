"""Where slots lie in local days: the forecast's grid is days x slots of the day by the wall clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Calendar:
    """The local day (0 is the first), the slot of that day and the kind of day of consecutive slots.

    `day`, `place` and `rest` have one entry a slot; a local day has `per_day` places, of which the day when
    clocks go forward leaves some empty and the day when they go back uses some twice.
    """

    day: Ints
    place: Ints
    rest: NDArray[np.bool_]
    per_day: int

    @classmethod
    def of(
        cls, first: datetime, count: int, slot_minutes: int, zone: ZoneInfo, is_rest_day: Callable[[date], bool]
    ) -> "Calendar":
        """The calendar of `count` slots from `first` (aware) on."""
        ordinals, place = local_slots(first, count, slot_minutes, zone)
        days, which = np.unique(ordinals, return_inverse=True)
        rests = np.array([is_rest_day(date.fromordinal(day)) for day in days.tolist()], dtype=bool)
        day = ordinals - (ordinals[0] if count else 0)
        return cls(day, place, rests[which], DAY_MINUTES // slot_minutes)

    @property
    def rest_of_day(self) -> NDArray[np.bool_]:
        """Whether each local day is a rest day."""
        answer = np.zeros(self.day[-1] + 1 if len(self.day) else 0, dtype=bool)
        answer[self.day] = self.rest
        return answer


def local_slots(first: datetime, count: int, slot_minutes: int, zone: ZoneInfo) -> tuple[Ints, Ints]:
    """The local day (its ordinal) and slot of that day by the wall clock, for `count` slots from `first` on.

    >>> from datetime import UTC
    >>> days, slots = local_slots(datetime(2026, 6, 1, 21, 45, tzinfo=UTC), 2, 15, ZoneInfo("Europe/Madrid"))
    >>> [date.fromordinal(day).day for day in days.tolist()], slots.tolist()
    ([1, 2], [95, 0])
    """
    first = first.astimezone(UTC)
    midnight = first.toordinal() * DAY_MINUTES
    utc = midnight + first.hour * 60 + first.minute + slot_minutes * np.arange(count)
    hours, which = np.unique(utc // 60, return_inverse=True)
    local = utc + np.array([_offset_minutes(hour, zone) for hour in hours.tolist()], dtype=np.int64)[which]
    return local // DAY_MINUTES, local % DAY_MINUTES // slot_minutes


@lru_cache(maxsize=8192)
def _offset_minutes(hour: int, zone: ZoneInfo) -> int:
    """Minutes that local time is ahead of UTC in an hour counted from day 0."""
    at = datetime.combine(date.fromordinal(hour // 24), time(hour % 24), UTC)
    offset = at.astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60)
