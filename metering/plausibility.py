"""Figures that a meter can hardly have meant: worth a look, never a reason to refuse them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

STUCK = timedelta(hours=24)
DARK = range(4)  # local hours without sun on any day of the year, south of 60° north
FUSE_PERCENT = 120  # a main switch lets this much of its power pass for hours


@dataclass(frozen=True, slots=True)
class Connection:
    """What stands behind a metering point: contracted power in W, and what could send energy out."""

    contracted_w: int
    generates: bool
    stores: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """How many figures are doubtful for one reason, and where the first of them stands among the rows."""

    code: str
    first: int
    count: int


# Begins with (channel, start, Wh); all of one metering point.
Figure = tuple[Any, ...]


def doubts(rows: Sequence[Figure], minutes: int, zone: ZoneInfo, behind: Connection | None = None) -> list[Doubt]:
    """What to look at: `above-fuse`, `unexpected-export`, `night-solar` and `stuck`, each at most once.

    What needs to be known of the connection is left out where it is not known.
    """
    by_channel: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        by_channel.setdefault(row[0], []).append(i)
    imports, exports = by_channel.get("import", []), by_channel.get("export", [])
    found = {"stuck": _stuck(rows, imports, minutes)}
    sunlit = list(by_channel.get("generation", []))
    if behind is not None:
        most_wh = behind.contracted_w * minutes * FUSE_PERCENT // 6_000
        found["above-fuse"] = [i for i in imports if rows[i][2] > most_wh]
        if not (behind.generates or behind.stores):
            found["unexpected-export"] = [i for i in exports if rows[i][2]]
        elif not behind.stores:  # what a battery gives at night is no solar energy
            sunlit += exports
    found["night-solar"] = [i for i in sorted(sunlit) if rows[i][2] and rows[i][1].astimezone(zone).hour in DARK]
    return [Doubt(code, places[0], len(places)) for code, places in sorted(found.items()) if places]


def _stuck(rows: Sequence[Figure], imports: Sequence[int], minutes: int) -> list[int]:
    """Places of a day and more of one and the same import that is not zero."""
    least = STUCK // timedelta(minutes=minutes)
    answer: list[int] = []
    for value, run in groupby(imports, key=lambda i: rows[i][2]):
        if value and len(places := list(run)) >= least:
            answer += places
    return answer
