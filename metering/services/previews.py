"""What a kept file says and storing it would change; nothing is written."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from metering.formats import CHANNELS, FileReading, Interval, Mapping, gaps, read_file
from metering.models import MeterFile, MeteringPoint, MeterKey, Upload
from metering.plausibility import Doubt, doubts
from metering.queries import connection_of
from metering.services.readings import ReadingRow, RowErrors, check, current, judge, nothing_yet
from metering.services.registers import RegisterRow, count_news, register_faults


@dataclass(frozen=True, slots=True)
class Supply:
    """What a file says of one supply: its metering point if we have it, its rows, and what they would do.

    A file of dials has `dials` in the place of rows. Rows are made when they are wanted: a large file has many.
    """

    cups: str
    metering_point: MeteringPoint | None
    intervals: list[Interval]
    outcome: Upload
    faults: RowErrors | None = None
    doubts: list[Doubt] = field(default_factory=list)
    dials: list[RegisterRow] = field(default_factory=list)

    def rows(self) -> list[ReadingRow]:
        """One row for each interval and channel that the file fills."""
        return _rows(self.intervals)


@dataclass(frozen=True, slots=True)
class Preview:
    """A file understood, and what storing it would change."""

    file: MeterFile
    reading: FileReading
    supplies: list[Supply]
    missing: list[tuple[str, datetime]]

    @property
    def storable(self) -> list[Supply]:
        """The supplies that can be stored."""
        return [
            one for one in self.supplies if one.metering_point and (one.intervals or one.dials) and not one.faults
        ]


def read(file: MeterFile) -> FileReading:
    """All that a kept file says. Raises `UnreadableFile`."""
    told = file.mapping
    return read_file(
        bytes(file.content),
        file.community.zone,
        name=file.name,
        cups=file.metering_point.cups if file.metering_point else "",
        dialect=file.dialect or None,
        mapping=Mapping(told.columns, told.unit, told.labels) if told else None,
    )


def preview(*, file: MeterFile, at: datetime, reading: FileReading | None = None) -> Preview:
    """What a file says and would change, read from its bytes anew unless it has been read (`reading`).

    Writes nothing. Raises `UnreadableFile`.
    """
    reading = reading or read(file)
    reachable = MeteringPoint.objects.filter(household__community=file.community_id)
    if file.token is not None:
        # Whoever read a token cannot send in the name of a meter that signs, in a file neither.
        signing = MeterKey.objects.filter(ended_at=None).values("metering_point")
        reachable = reachable.filter(api_tokens=file.token).exclude(pk__in=signing)
    points = {point.cups[:20]: point for point in reachable.select_related("household__community")}
    if reading.registers:
        return Preview(file, reading, _dials(reading, points, at), [])
    supplies = [
        _supply(cups, points.get(cups), list(found), reading.minutes, at, file)
        for cups, found in groupby(reading.intervals, key=lambda one: one.cups)
    ]
    channel = next(iter(reading.channels()), CHANNELS[0])
    return Preview(file, reading, supplies, gaps(reading, file.community.zone, channel))


def _supply(
    cups: str,
    point: MeteringPoint | None,
    intervals: list[Interval],
    minutes: int,
    at: datetime,
    file: MeterFile,
) -> Supply:
    rows = _rows(intervals)
    outcome = nothing_yet(received=len(rows))
    try:
        check(rows, minutes, at)
    except RowErrors as faults:
        return Supply(cups, point, intervals, outcome, faults)
    if point is not None:
        judge(rows, current(point, rows, minutes), outcome)
    behind = connection_of(point) if point else None
    found = doubts(rows, minutes, file.community.zone, behind)
    return Supply(cups, point, intervals, outcome, doubts=found)


def _rows(intervals: list[Interval]) -> list[ReadingRow]:
    return [
        ReadingRow(channel, one.start, energy_wh, one.quality, one.number)
        for one in intervals
        for channel, energy_wh in zip(CHANNELS, one.energies, strict=True)
        if energy_wh is not None
    ]


def _dials(reading: FileReading, points: dict[str, MeteringPoint], at: datetime) -> list[Supply]:
    supplies = []
    for cups in sorted({one.cups for one in reading.registers}):
        point = points.get(cups[:20])
        dials = [
            RegisterRow(r.channel, r.at, r.register_wh, r.number) for r in reading.registers if r.cups == cups
        ]
        wrong = register_faults(dials, at)
        faults = RowErrors(wrong, len(wrong)) if wrong else None
        outcome = nothing_yet(received=len(dials))
        if point is not None and not faults:
            count_news(point, dials, outcome)
        supplies.append(Supply(cups, point, [], outcome, faults, dials=dials))
    return supplies
