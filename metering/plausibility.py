"""Figures that a meter can hardly have meant: worth a look, never a reason to refuse them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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


# (channel, start, Wh) of one metering point.
Figure = tuple[str, datetime, int]


def doubts(rows: Sequence[Figure], minutes: int, zone: ZoneInfo, behind: Connection | None = None) -> list[Doubt]:
    """What to look at: `above-fuse`, `unexpected-export`, `night-solar` and `stuck`, each at most once.

    What needs to be known of the connection is left out where it is not known.
    """
    found = {"night-solar": _night(rows, zone, behind), "stuck": _stuck(rows, minutes)}
    if behind is not None:
        most_wh = behind.contracted_w * minutes * FUSE_PERCENT // 6_000
        found["above-fuse"] = [i for i, row in enumerate(rows) if row[2] > most_wh and row[0] == "import"]
        if not (behind.generates or behind.stores):
            found["unexpected-export"] = [i for i, row in enumerate(rows) if row[0] == "export" and row[2]]
    return [Doubt(code, places[0], len(places)) for code, places in sorted(found.items()) if places]


def _night(rows: Sequence[Figure], zone: ZoneInfo, behind: Connection | None) -> list[int]:
    """Places of solar energy in the dark. What a battery gives is no solar energy."""
    solar = {"generation"} if behind is None or behind.stores or not behind.generates else {"generation", "export"}
    lit = [i for i, row in enumerate(rows) if row[2] and row[0] in solar]
    return [i for i in lit if rows[i][1].astimezone(zone).hour in DARK]


def _stuck(rows: Sequence[Figure], minutes: int) -> list[int]:
    """Places of a day and more of one and the same import that is not zero."""
    least = STUCK // timedelta(minutes=minutes)
    imports = [i for i, row in enumerate(rows) if row[0] == "import"]
    answer: list[int] = []
    first = 0
    for last, place in enumerate(imports, 1):
        goes_on = last < len(imports) and rows[imports[last]][2] == rows[place][2]
        if not goes_on:
            if rows[place][2] and last - first >= least:
                answer += imports[first:last]
            first = last
    return answer
