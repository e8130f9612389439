"""Intervals on a meter's grid, and hourly energy seen in the market's slots."""

from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


def is_on_grid(start: datetime, minutes: int) -> bool:
    """Whether `start` (aware) is a boundary of the meter's intervals of `minutes`.

    >>> from datetime import UTC
    >>> is_on_grid(datetime(2026, 11, 23, 12, 15, tzinfo=UTC), 15)
    True
    >>> is_on_grid(datetime(2026, 11, 23, 12, 15, tzinfo=UTC), 60)
    False
    """
    return start.timestamp() % (minutes * 60) == 0


def split(energy_wh: int, parts: int) -> list[int]:
    """Energy of a long interval spread over its slots, the first ones taking what does not divide.

    >>> split(10, 4)
    [3, 3, 2, 2]
    """
    whole, rest = divmod(energy_wh, parts)
    return [whole + (i < rest) for i in range(parts)]
