"""Figures that a meter can hardly have meant: worth a look, never a reason to refuse them."""

from collections.abc import Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

from metering.formats.facts import CHANNELS, Interval, Remark

STUCK_HOURS = 24
DARK = range(4)  # local hours without sun on any day of the year, south of 60° north


def doubts(intervals: Sequence[Interval], zone: ZoneInfo, minutes: int) -> list[Remark]:
    """At most one remark of each kind and supply: `stuck` for a day of one value, `night-solar` for sun."""
    remarks: list[Remark] = []
    for cups, found in groupby(intervals, key=lambda one: one.cups):
        rows = list(found)
        remarks += [
            Remark(code, f"{cups} {row.start.astimezone(zone):%Y-%m-%d %H:%M}", row.number)
            for code, row in (("stuck", _stuck(rows, minutes)), ("night-solar", _night(rows, zone)))
            if row is not None
        ]
    return remarks


def _stuck(rows: Sequence[Interval], minutes: int) -> Interval | None:
    """The first of a day and more of one and the same import that is not zero."""
    least = STUCK_HOURS * 60 // minutes
    for value, run in groupby(rows, key=lambda row: row.energies[0]):
        same = list(run)
        if value and len(same) >= least:
            return same[0]
    return None


def _night(rows: Sequence[Interval], zone: ZoneInfo) -> Interval | None:
    generation = CHANNELS.index("generation")
    dark = (row for row in rows if row.energies[generation] and row.start.astimezone(zone).hour in DARK)
    return next(dark, None)
