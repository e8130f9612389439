"""A file in the figures and codes that its page shows: no words, so that any language can be put to them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from metering.formats import CHANNELS, Interval, Refusal
from metering.services.previews import Preview, Supply
from metering.services.registers import RegisterRow

SHOWN = 50
BAR = 120


@dataclass(frozen=True, slots=True)
class DayTotal:
    """One local day of one supply: energies by channel, how much is not measured, bars up to 120 wide."""

    day: date
    import_wh: int | None
    export_wh: int | None
    intervals: int
    doubtful: int
    import_width: int
    export_width: int


@dataclass(frozen=True, slots=True)
class Dial:
    """One channel of a dial in a file, from its first to its last reading."""

    channel: str
    first: RegisterRow
    last: RegisterRow
    readings: int


@dataclass(frozen=True, slots=True)
class SupplySummary:
    """What a file says of one supply, and would change."""

    cups: str
    household: str
    fault: str
    created: int
    revised: int
    unchanged: int
    days: list[DayTotal]
    dials: list[Dial]


@dataclass(frozen=True, slots=True)
class MissingDay:
    """A local day with intervals that the file leaves out."""

    day: date
    intervals: int
    first: datetime


@dataclass(frozen=True, slots=True)
class FileSummary:
    """All that a file's page shows; `remarks` are (code, value)."""

    format: str
    dialect: str
    minutes: int
    intervals: int
    estimated: int
    duplicates: int
    conflicts: int
    refused: int
    refusals: list[Refusal]
    remarks: list[tuple[str, str]]
    missing: int
    missing_days: list[MissingDay]
    supplies: list[SupplySummary]
    storable: bool


def summary(seen: Preview) -> FileSummary:
    """The figures of a file's page."""
    zone = seen.file.community.zone
    reading = seen.reading
    by_supply: dict[str, list[Interval]] = {}
    for one in reading.intervals:
        by_supply.setdefault(one.cups, []).append(one)
    return FileSummary(
        format=reading.format,
        dialect=reading.dialect,
        minutes=reading.minutes,
        intervals=len(reading.intervals) or len(reading.registers),
        estimated=sum(one.quality != "measured" for one in reading.intervals),
        duplicates=reading.duplicates,
        conflicts=reading.conflicts,
        refused=len(reading.refusals),
        refusals=reading.refusals[:SHOWN],
        remarks=[(one.code, one.value) for one in reading.remarks] + _doubts(seen.supplies, zone),
        missing=len(seen.missing),
        missing_days=_missing_days(seen.missing, zone),
        supplies=[_supply(one, by_supply.get(one.cups, []), zone) for one in seen.supplies],
        storable=bool(seen.storable),
    )


def _supply(one: Supply, intervals: Sequence[Interval], zone: ZoneInfo) -> SupplySummary:
    return SupplySummary(
        cups=one.cups,
        household=one.metering_point.household.name if one.metering_point else "",
        fault=one.faults.errors[0].message if one.faults else "",
        created=one.outcome.created,
        revised=one.outcome.revised,
        unchanged=one.outcome.unchanged,
        days=_day_totals(intervals, zone),
        dials=_dials(one.dials),
    )


def _doubts(supplies: Sequence[Supply], zone: ZoneInfo) -> list[tuple[str, str]]:
    """Each doubt with the supply and the first instant it is about."""
    return [
        (doubt.code, f"{one.cups} {one.rows()[doubt.first].start.astimezone(zone):%Y-%m-%d %H:%M}")
        for one in supplies
        for doubt in one.doubts
    ]


def _day_totals(intervals: Sequence[Interval], zone: ZoneInfo) -> list[DayTotal]:
    days: dict[date, list[Interval]] = {}
    for one in intervals:
        days.setdefault(one.start.astimezone(zone).date(), []).append(one)
    sums = {day: (_sum(rows, "import"), _sum(rows, "export")) for day, rows in days.items()}
    most = max((wh or 0 for both in sums.values() for wh in both), default=0) or 1
    return [
        DayTotal(
            day,
            *sums[day],
            len(rows),
            sum(row.quality != "measured" for row in rows),
            (sums[day][0] or 0) * BAR // most,
            (sums[day][1] or 0) * BAR // most,
        )
        for day, rows in sorted(days.items())
    ]


def _sum(rows: Sequence[Interval], channel: str) -> int | None:
    found = [wh for row in rows if (wh := row.energies[CHANNELS.index(channel)]) is not None]
    return sum(found) if found else None


def _dials(rows: Sequence[RegisterRow]) -> list[Dial]:
    found: dict[str, list[RegisterRow]] = {}
    for row in sorted(rows, key=lambda row: row.at):
        found.setdefault(row.channel, []).append(row)
    return [Dial(channel, shown[0], shown[-1], len(shown)) for channel, shown in found.items()]


def _missing_days(missing: Sequence[tuple[str, datetime]], zone: ZoneInfo) -> list[MissingDay]:
    found: Counter[date] = Counter()
    first: dict[date, datetime] = {}
    for _cups, start in missing:
        day = start.astimezone(zone).date()
        found[day] += 1
        first.setdefault(day, start)
    return [MissingDay(day, found[day], first[day]) for day in sorted(found)]
