"""What a kept file says and storing it would change; nothing is written."""

from dataclasses import dataclass, field
from datetime import datetime

from metering.formats import CHANNELS, FileReading, Mapping, gaps, read_file
from metering.models import MeterFile, MeteringPoint, Upload
from metering.plausibility import Doubt, doubts
from metering.queries import connection_of
from metering.services.readings import ReadingRow, RowErrors, check, current, judge, nothing_yet
from metering.services.registers import RegisterRow, count_news, register_faults


@dataclass(frozen=True, slots=True)
class Supply:
    """What a file says of one supply: its metering point if we have it, its rows, and what they would do.

    A file of dials has `dials` in the place of rows.
    """

    cups: str
    metering_point: MeteringPoint | None
    rows: list[ReadingRow]
    outcome: Upload
    faults: RowErrors | None = None
    doubts: list[Doubt] = field(default_factory=list)
    dials: list[RegisterRow] = field(default_factory=list)


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
        return [one for one in self.supplies if one.metering_point and (one.rows or one.dials) and not one.faults]


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


def preview(*, file: MeterFile, at: datetime) -> Preview:
    """What a file says and would change, read from its bytes anew. Writes nothing. Raises `UnreadableFile`."""
    reading = read(file)
    reachable = MeteringPoint.objects.filter(household__community=file.community_id)
    if file.token is not None:
        reachable = reachable.filter(api_tokens=file.token)
    points = {point.cups[:20]: point for point in reachable.select_related("household__community")}
    if reading.registers:
        return Preview(file, reading, _dials(reading, points, at), [])
    rows: dict[str, list[ReadingRow]] = {one.cups: [] for one in reading.intervals}
    for one in reading.intervals:
        for channel, energy_wh in zip(CHANNELS, one.energies, strict=True):
            if energy_wh is not None:
                rows[one.cups].append(ReadingRow(channel, one.start, energy_wh, one.quality, one.number))
    supplies = [_supply(cups, points.get(cups), found, reading, at, file) for cups, found in rows.items()]
    channel = next(iter(reading.channels()), CHANNELS[0])
    return Preview(file, reading, supplies, gaps(reading, file.community.zone, channel))


def _supply(
    cups: str,
    point: MeteringPoint | None,
    rows: list[ReadingRow],
    reading: FileReading,
    at: datetime,
    file: MeterFile,
) -> Supply:
    outcome = nothing_yet(received=len(rows))
    try:
        check(rows, reading.minutes, at)
    except RowErrors as faults:
        return Supply(cups, point, rows, outcome, faults)
    if point is not None:
        judge(rows, current(point, rows, reading.minutes), outcome)
    figures = [(row.channel, row.start, row.energy_wh) for row in rows]
    behind = connection_of(point) if point else None
    found = doubts(figures, reading.minutes, file.community.zone, behind)
    return Supply(cups, point, rows, outcome, doubts=found)


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
