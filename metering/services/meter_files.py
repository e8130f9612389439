"""Meter files: taken in as they are, looked at, and stored as readings on one word; all or nothing."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from community.models import Community, Member
from metering.formats import CHANNELS, PARSER_VERSION, FileReading, gaps, read_file
from metering.formats.cch import NAME
from metering.models import MeterFile, MeteringPoint, Upload
from metering.services.readings import (
    MOST_ERRORS,
    ReadingRow,
    RowErrors,
    check,
    current,
    judge,
    nothing_yet,
    store_readings,
)


class OlderVersion(ValueError):
    """A newer version of the same distributor's file is in already."""


class NothingToStore(ValueError):
    """No line of the file belongs to a metering point of this community."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What a file says of one supply: its metering point if we have it, its rows, and what they would do."""

    cups: str
    metering_point: MeteringPoint | None
    rows: list[ReadingRow]
    outcome: Upload
    faults: RowErrors | None


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
        return [supply for supply in self.supplies if supply.metering_point and supply.rows and not supply.faults]


def take_in(
    *,
    community: Community,
    name: str,
    content: bytes,
    at: datetime,
    uploaded_by: Member | None = None,
    metering_point: MeteringPoint | None = None,
    dialect: str = "",
) -> MeterFile:
    """Keep a file that can be read; the same file again is the same one. Raises `UnreadableFile`."""
    family, version = _family(name)
    file = MeterFile(
        community=community,
        uploaded_by=uploaded_by,
        name=name[:200],
        content=content,
        content_sha256=hashlib.sha256(content).hexdigest(),
        received_at=at,
        metering_point=metering_point,
        dialect=dialect,
        family=family,
        version=version,
        parser_version=PARSER_VERSION,
    )
    _read(file)
    kept, _created = MeterFile.objects.get_or_create(
        community=community,
        content_sha256=file.content_sha256,
        metering_point=metering_point,
        dialect=dialect,
        defaults={
            field: getattr(file, field)
            for field in ("uploaded_by", "name", "content", "received_at", "family", "version", "parser_version")
        },
    )
    return kept


def _family(name: str) -> tuple[str, int]:
    """A curve file's name without its version, and the version: a higher one replaces a lower one."""
    match = NAME.search(name)
    return (f"{match['kind']}_{match['rest']}".upper(), int(match["version"])) if match else ("", 0)


def _read(file: MeterFile) -> FileReading:
    return read_file(
        bytes(file.content),
        ZoneInfo(file.community.timezone),
        name=file.name,
        cups=file.metering_point.cups if file.metering_point else "",
        dialect=file.dialect or None,
    )


def preview(*, file: MeterFile, at: datetime) -> Preview:
    """What a file says and would change, read from its bytes anew. Writes nothing."""
    reading = _read(file)
    points = {
        point.cups[:20]: point for point in MeteringPoint.objects.filter(household__community=file.community_id)
    }
    rows: dict[str, list[ReadingRow]] = {one.cups: [] for one in reading.intervals}
    for one in reading.intervals:
        for channel, energy_wh in zip(CHANNELS, one.energies, strict=True):
            if energy_wh is not None:
                rows[one.cups].append(ReadingRow(channel, one.start, energy_wh, one.quality, one.number))
    supplies = [_supply(cups, points.get(cups), found, reading.minutes, at) for cups, found in rows.items()]
    channel = next(iter(reading.channels()), CHANNELS[0])
    return Preview(file, reading, supplies, gaps(reading, ZoneInfo(file.community.timezone), channel))


def _supply(cups: str, point: MeteringPoint | None, rows: list[ReadingRow], minutes: int, at: datetime) -> Supply:
    outcome = nothing_yet(received=len(rows))
    try:
        check(rows, minutes, at)
    except RowErrors as faults:
        return Supply(cups, point, rows, outcome, faults)
    if point is not None:
        judge(rows, current(point, rows, minutes), outcome)
    return Supply(cups, point, rows, outcome, None)


@transaction.atomic
def commit(*, file_id: int, at: datetime) -> list[Upload]:
    """Store a file's readings as of `at`: every supply of this community, or nothing at all.

    Committing a file again changes nothing. Raises `OlderVersion`, `NothingToStore` and `RowErrors`.
    """
    file = MeterFile.objects.select_for_update().get(pk=file_id)
    if file.committed_at is not None:
        return list(file.uploads.order_by("pk"))
    newer = MeterFile.objects.filter(
        community=file.community_id, family=file.family, version__gt=file.version, committed_at__isnull=False
    )
    if file.family and newer.exists():
        raise OlderVersion(file.name)
    seen = preview(file=file, at=at)
    for supply in seen.supplies:
        if supply.metering_point and supply.faults:
            raise RowErrors(supply.faults.errors[:MOST_ERRORS], supply.faults.refused)
    if not seen.storable:
        raise NothingToStore(file.name)
    # Always in the same order, so that two files with the same meters never wait for each other in a circle.
    ordered = sorted(seen.storable, key=lambda supply: supply.metering_point.pk if supply.metering_point else 0)
    uploads = [
        store_readings(
            metering_point=supply.metering_point,
            rows=supply.rows,
            source=Upload.Source.FILE,
            content_sha256=file.content_sha256,
            at=at,
            file=file,
            minutes=seen.reading.minutes,
            checked=True,
        )
        for supply in ordered
        if supply.metering_point
    ]
    MeterFile.objects.filter(pk=file.pk).update(committed_at=at, parser_version=PARSER_VERSION)
    return uploads
