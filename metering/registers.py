"""From what a meter's dial shows to the energy of its intervals: differences, never guesses.

A dial only ever rises. So a reading that falls, or rises faster than the wires allow, is set aside until a
person declares what happened; and between two equal readings nothing has flowed, however far apart they are.
"""

import itertools
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

# A dial read this close to an interval's boundary counts as read there; further off, the energy is calculated.
EXACT = timedelta(seconds=10)
NEAR = timedelta(seconds=90)
HOUR = timedelta(hours=1)


class Change(NamedTuple):
    """A new meter, or a dial that began anew: it ended at `final_wh` and went on from `first_wh` at `at`."""

    at: datetime
    final_wh: int
    first_wh: int


class Standing(NamedTuple):
    """What a dial would show at `at` had it never been changed, in Wh."""

    at: datetime
    total_wh: int


class Mark(NamedTuple):
    """What the dial stood at on a boundary, by the reading taken at `at`."""

    total_wh: int
    measured: bool
    at: datetime


class Difference(NamedTuple):
    """Energy between two boundaries; the readings at `opened` and `closed` say so."""

    start: datetime
    end: datetime
    energy_wh: int
    measured: bool
    opened: datetime
    closed: datetime


def standing(at: datetime, register_wh: int, changes: Sequence[Change]) -> Standing:
    """A reading of the dial, as if its meter had never been changed.

    >>> noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    >>> standing(noon, 5_000, [Change(noon, final_wh=1_000_000, first_wh=0)]).total_wh
    1005000
    """
    return Standing(at, register_wh + sum(c.final_wh - c.first_wh for c in changes if c.at <= at))


def fits(before: Standing | None, found: Standing, after: Standing | None, most_w: int) -> bool:
    """Whether a reading can be true beside its accepted neighbours, with at most `most_w` through the wires."""
    pairs = [pair for pair in ((before, found), (found, after)) if pair[0] is not None and pair[1] is not None]
    return all(_can_follow(first, second, most_w) for first, second in pairs if first and second)


def _can_follow(first: Standing, second: Standing, most_w: int) -> bool:
    rise_wh = second.total_wh - first.total_wh
    return 0 <= rise_wh <= most_w * ((second.at - first.at + NEAR) / HOUR)


def differences(standings: Sequence[Standing], minutes: int) -> list[Difference]:
    """Energy between the boundaries that accepted readings, in their order, tell.

    One of exactly an interval of `minutes` is that interval's energy. A longer one is a block: what flowed in
    all its intervals together. Nobody knows how it was spread, so it stays whole.
    """
    marks = _marks(standings, minutes)
    known = sorted(marks)
    return [
        Difference(
            start,
            end,
            marks[end].total_wh - marks[start].total_wh,
            marks[start].measured and marks[end].measured,
            marks[start].at,
            marks[end].at,
        )
        for start, end in itertools.pairwise(known)
    ]


def _marks(standings: Sequence[Standing], minutes: int) -> dict[datetime, Mark]:
    """Boundaries that a reading stands for: the nearest one taken near it, or two equal ones around it."""
    marks: dict[datetime, Mark] = {}
    length = timedelta(minutes=minutes)
    instants = [one.at for one in standings]
    for one in standings:
        for boundary in _boundaries(one.at - NEAR, one.at + NEAR, length):
            nearest = _nearest(standings, instants, boundary)
            marks[boundary] = Mark(nearest.total_wh, abs(nearest.at - boundary) <= EXACT, nearest.at)
    for before, after in itertools.pairwise(standings):
        if before.total_wh == after.total_wh:
            for boundary in _boundaries(before.at, after.at, length):
                if boundary not in marks or not marks[boundary].measured:
                    marks[boundary] = Mark(before.total_wh, True, after.at)
    return marks


def _boundaries(start: datetime, end: datetime, length: timedelta) -> Iterator[datetime]:
    """Boundaries of intervals of `length` in `[start, end]`."""
    step = length.total_seconds()
    boundary = datetime.fromtimestamp(-(-start.timestamp() // step) * step, UTC)
    while boundary <= end:
        yield boundary
        boundary += length


def _nearest(standings: Sequence[Standing], instants: Sequence[datetime], boundary: datetime) -> Standing:
    i = bisect_left(instants, boundary)
    around = standings[max(i - 1, 0) : i + 1]
    return min(around, key=lambda one: abs(one.at - boundary))
