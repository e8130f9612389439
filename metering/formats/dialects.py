"""What a file means by its hours: found from the days on which dialects differ, never guessed in silence.

Distributors label the hours of clock-change days in five ways. The file is read in the way that leaves the
fewest lines without a place and the fewest places without a line; where two ways fit equally well and differ,
a remark says so.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from metering.formats.cells import DAY_MINUTES, LAST_LABEL
from metering.formats.facts import Interval, Line, Refusal, Remark, Sheet, UnreadableFile
from metering.formats.local_days import DIALECTS, instant_of, is_change, labels, starts

MISFIT, GAP, DISORDER = 10, 2, 1
HOURS_MOST = 25
INSTANT = "instant"
UTC_LABEL = "utc"


def place(
    sheet: Sheet, zone: ZoneInfo, dialect: str | None
) -> tuple[str, int, list[Interval], list[Refusal], list[Remark]]:
    """The dialect, resolution (minutes) and intervals of a sheet, with the lines that have no place.

    `dialect` is the user's choice where there is one. Raises `UnreadableFile`: `mixed-hours` where a file
    says both 00:00 and 24:00, `start-or-end` where its hours run from 00:00 although its format names ends.
    """
    minutes = _resolution(sheet)
    lines, refused = _on_grid(sheet, minutes)
    if sheet.declares == INSTANT:
        intervals, wrong = _by_season(lines, zone, minutes)
        return INSTANT, minutes, intervals, refused + wrong, []
    if sheet.declares == UTC_LABEL:
        return UTC_LABEL, minutes, _by_utc(lines), refused, []
    if sheet.counted:
        lines = [line._replace(label=line.label * minutes) for line in lines]
    readings = _readings(lines)
    if dialect is None:
        dialect, remarks = _choose(sheet, readings, zone, minutes)
    elif dialect not in readings:
        raise UnreadableFile("unknown-dialect", dialect=dialect)
    else:
        remarks = []
    intervals, wrong = _by_label(readings[dialect], zone, minutes, dialect.removesuffix("_next"))
    return dialect, minutes, intervals, refused + wrong, remarks


def _resolution(sheet: Sheet) -> int:
    """60, 30 or 15 minutes. A few lines out of line are their own fault, not the file's resolution."""
    few = len(sheet.lines) // 20
    if sheet.counted:
        told = Counter(line.label for line in sheet.lines)
        if sum(count for label, count in told.items() if label > HOURS_MOST) <= few:
            return 60
        return 30 if max(told) in {46, 48, 50} else 15
    within = Counter(line.label % 60 for line in sheet.lines)
    if within[15] + within[45] > few:
        return 15
    return 30 if within[30] > few else 60


def _on_grid(sheet: Sheet, minutes: int) -> tuple[list[Line], list[Refusal]]:
    if sheet.counted or all(line.label % minutes == 0 for line in sheet.lines):
        return sheet.lines, []
    off = [line for line in sheet.lines if line.label % minutes]
    refused = [Refusal(line.number, "time", "off-grid", _clock(line.label)) for line in off]
    return [line for line in sheet.lines if line.label % minutes == 0], refused


def _clock(label: int) -> str:
    return f"{label // 60:02d}:{label % 60:02d}"


def _by_season(lines: Iterable[Line], zone: ZoneInfo, minutes: int) -> tuple[list[Interval], list[Refusal]]:
    """Lines whose label is the instant of their end and whose season tells the October hours apart."""
    step = timedelta(minutes=minutes)
    intervals, refused = [], []
    for line in lines:
        end = None if line.season is None else instant_of(zone, line.day, line.label, line.season)
        if end is None:
            value = f"{_clock(line.label)} {'' if line.season is None else line.season}".strip()
            refused.append(Refusal(line.number, "season", "season", value))
        else:
            intervals.append(Interval(line.number, line.cups, end - step, line.energies, line.quality, line.code))
    return intervals, refused


def _by_utc(lines: Iterable[Line]) -> list[Interval]:
    """Lines whose label is the start in UTC."""
    return [
        Interval(
            line.number,
            line.cups,
            datetime.combine(date.fromordinal(line.day), time.min, UTC) + timedelta(minutes=line.label),
            line.energies,
            line.quality,
            line.code,
        )
        for line in lines
    ]


Days = dict[tuple[str, int], list[Line]]


def _readings(lines: Sequence[Line]) -> dict[str, Days]:
    """The lines by supply and day, as each dialect sees them: 00:00 may end the day before."""
    plain: Days = defaultdict(list)
    for line in lines:
        plain[line.cups, line.day].append(line)
    for key, rows in plain.items():
        if len(rows) > 2 and rows[0].label > rows[-1].label and _falls(rows):
            plain[key] = rows[::-1]
    answer = dict.fromkeys(DIALECTS, plain)
    if any(line.label == 0 for line in lines):
        answer["end_next"] = _midnight_ends(plain)
    return answer


def _falls(rows: Sequence[Line]) -> bool:
    falling = sum(a.label >= b.label for a, b in pairwise(rows))
    return falling > 0.9 * (len(rows) - 1)


def _midnight_ends(plain: Days) -> Days:
    """00:00 of a day as the end of the day before, beside that day's other lines."""
    moved: Days = defaultdict(list)
    for (cups, day), rows in plain.items():
        for row in rows:
            if row.label == 0:
                moved[cups, day - 1].append(row._replace(day=day - 1, label=DAY_MINUTES))
            else:
                moved[cups, day].append(row)
    return moved


def _choose(sheet: Sheet, readings: dict[str, Days], zone: ZoneInfo, minutes: int) -> tuple[str, list[Remark]]:
    days = readings["end"]
    told = {row.label for rows in days.values() for row in rows}
    if 0 in told and DAY_MINUTES in told:
        raise UnreadableFile("mixed-hours", **_where(days))
    candidates = ("start",) if sheet.declares == "start" else tuple(readings)
    first = "counted" if sheet.counted else "end"
    candidates = tuple(sorted(candidates, key=lambda name: name != first))
    costs = {name: _cost(readings[name], zone, minutes, name.removesuffix("_next")) for name in candidates}
    best = min(candidates, key=lambda name: costs[name])
    if best == "start" and sheet.declares != "start":
        raise UnreadableFile("start-or-end", **_where(days))
    rivals = [name for name in candidates if costs[name] == costs[best] and name not in {best, "start"}]
    return best, _doubts(readings[best], zone, minutes, best, rivals)


def _where(days: Days) -> dict[str, int]:
    """The first line that says 00:00 and the first that says 24:00."""
    rows = [row for lines in days.values() for row in lines]
    midnights = [row.number for row in rows if row.label == 0]
    ends = [row.number for row in rows if row.label == DAY_MINUTES]
    return {"start_line": min(midnights, default=0), "end_line": min(ends, default=0)}


def _cost(days: Days, zone: ZoneInfo, minutes: int, dialect: str) -> int:
    """How badly a dialect fits: lines without a place, more different lines than places, empty places."""
    return sum(_misfit(rows, labels(zone, day, minutes, dialect)) for (_cups, day), rows in days.items())


def _misfit(rows: Sequence[Line], named: Sequence[int]) -> int:
    places, lines = Counter(named), Counter(row.label for row in rows)
    if len(rows) == len(named) and all(row.label == label for row, label in zip(rows, named, strict=True)):
        return 0
    order = {label: i for i, label in enumerate(named)}
    told = [order[row.label] for row in rows if row.label in order]
    cost = DISORDER if any(b < a for a, b in pairwise(told)) else 0
    different = Counter(label for label, *_ in {(row.label, row.energies, row.quality) for row in rows})
    filled = 0
    for label, count in lines.items():
        needed = max(different[label], min(count, places[label]))
        cost += MISFIT * max(0, needed - places[label])
        filled += min(needed, places[label])
    return cost + GAP * (len(named) - filled)


def _doubts(days: Days, zone: ZoneInfo, minutes: int, best: str, rivals: Sequence[str]) -> list[Remark]:
    """A remark for each clock change that a dialect fitting as well, or a lost line, would read otherwise."""
    remarks = []
    for (_cups, day), rows in sorted(days.items()):
        if not is_change(zone, day):
            continue
        mine = _named(zone, day, minutes, best)
        others = [_named(zone, day, minutes, rival) for rival in rivals]
        if any(other[row.label] != mine[row.label] for other in others for row in rows) or _halved(rows, mine):
            remarks.append(Remark("doubtful-clock-change", f"{date.fromordinal(day)}", rows[0].number))
    return remarks


def _halved(rows: Sequence[Line], places: dict[int, list[int]]) -> bool:
    """Whether a doubled hour has one line only, or twice the same one on a day that is not whole."""
    # A line said again, out of its turn, must not stand in for one that was lost; midnight alone may come first.
    told = [row.label for row in rows]
    named = [label for _, label in sorted((seat, label) for label, seats in places.items() for seat in seats)]
    whole = named in (told, told[1:] + told[:1])
    for label, seats in list(places.items()):
        lines = [row for row in rows if row.label == label]
        if len(seats) > 1 and lines and not whole and len({(row.energies, row.quality) for row in lines}) < 2:
            return True
    return False


def _named(zone: ZoneInfo, day: int, minutes: int, dialect: str) -> dict[int, list[int]]:
    """Places of the day by label."""
    places: dict[int, list[int]] = defaultdict(list)
    for i, label in enumerate(labels(zone, day, minutes, dialect.removesuffix("_next"))):
        places[label].append(i)
    return places


def _by_label(days: Days, zone: ZoneInfo, minutes: int, dialect: str) -> tuple[list[Interval], list[Refusal]]:
    intervals: list[Interval] = []
    refused: list[Refusal] = []
    for (_cups, day), rows in days.items():
        places, instants = _named(zone, day, minutes, dialect), starts(zone, day, minutes)
        for row, i in _seats(rows, places):
            if i is None:
                code = "time-out-of-range" if row.label > LAST_LABEL else "no-such-hour"
                refused.append(Refusal(row.number, "time", code, _clock(row.label)))
            else:
                intervals.append(Interval(row.number, row.cups, instants[i], row.energies, row.quality, row.code))
    return intervals, refused


def _seats(rows: Sequence[Line], places: dict[int, list[int]]) -> Iterator[tuple[Line, int | None]]:
    """Each line with its place of the day; lines of a doubled hour take its places in the file's order.

    Where an hour has more lines than places, a line that repeats an earlier one goes to the same place.
    """
    lines = Counter(row.label for row in rows)
    said: dict[int, list[Line]] = defaultdict(list)
    for row in rows:
        seats = places.get(row.label)
        if not seats:
            yield row, None
            continue
        before = said[row.label]
        seat = len(before)
        if lines[row.label] > len(seats):
            seat = next((i for i, other in enumerate(before) if _same(other, row)), seat)
        if seat == len(before):
            before.append(row)
        yield row, seats[min(seat, len(seats) - 1)]


def _same(one: Line, other: Line) -> bool:
    return (one.energies, one.quality) == (other.energies, other.quality)
