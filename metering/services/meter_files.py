"""Meter files: taken in as they are, looked at, and stored as readings on one word; all or nothing."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import transaction

from community.models import Community, Household, Member, What
from community.services.audit import Actor, record_for
from config.patience import let_think
from metering.formats import PARSER_VERSION, FileReading, UnreadableFile
from metering.formats.cch import NAME
from metering.models import ApiToken, ColumnMapping, MeterFile, MeteringPoint, Upload
from metering.services.previews import Preview, Supply, preview, read
from metering.services.readings import AHEAD, EARLIEST, MOST_ERRORS, RowErrors, store_readings
from metering.services.registers import reach, store_registers
from metering.services.storing import make_months, storing
from metering.services.tokens import token_name

# A larger file is read by a worker, not while somebody waits for the page.
LARGE = 1024 * 1024
Progress = Callable[[str, int, int], None]


class OlderVersion(ValueError):
    """A newer version of the same distributor's file is in already."""


class NothingToStore(ValueError):
    """No line of the file belongs to a metering point that may be written."""


def take_in(
    *,
    community: Community,
    name: str,
    content: bytes,
    at: datetime,
    uploaded_by: Member | None = None,
    token: ApiToken | None = None,
    metering_point: MeteringPoint | None = None,
    dialect: str = "",
    mapping: ColumnMapping | None = None,
    unread: bool = False,
) -> MeterFile:
    """Keep a file; the same one again is the same. `UnreadableFile` unless `unread` or large: then later."""
    family, version = _family(name)
    identity: dict[str, Any] = {
        "community": community,
        "content_sha256": hashlib.sha256(content).hexdigest(),
        "metering_point": metering_point,
        "dialect": dialect,
        "mapping": mapping,
        "token": token,
    }
    rest = {
        "uploaded_by": uploaded_by,
        "name": name[:200],
        "content": content,
        "size": len(content),
        "received_at": at,
        "family": family,
        "version": version,
        "parser_version": PARSER_VERSION,
    }
    file = MeterFile(**identity, **rest)
    if not (unread or is_large(file)):
        read(file)
    kept, _created = MeterFile.objects.get_or_create(**identity, defaults=rest)
    return kept


def is_large(file: MeterFile) -> bool:
    """Whether reading the file takes longer than anybody waits for a page. What is packed unfolds tenfold."""
    packed = bytes(file.content[:3]).startswith((b"BZh", b"\x1f\x8b"))
    return file.size * (10 if packed else 1) > LARGE


def _family(name: str) -> tuple[str, int]:
    """A curve file's name without its version, and the version: a higher one replaces a lower one."""
    match = NAME.search(name)
    return (f"{match['kind']}_{match['rest']}".upper(), int(match["version"])) if match else ("", 0)


def ask_to_store(*, file_id: int, at: datetime) -> None:
    """Note that a file is to be stored by a worker; asking again starts a failed one anew."""
    MeterFile.objects.filter(pk=file_id, committed_at__isnull=True).update(asked_at=at, failure=None)


FAILURES: dict[type[Exception], str] = {
    OlderVersion: "older-version",
    NothingToStore: "nothing-to-store",
    RowErrors: "rows-refused",
    UnreadableFile: "unreadable",
}


def store_asked(*, file_id: int, at: datetime, progress: Progress | None = None) -> list[Upload]:
    """Store a file that was asked for, or note why it cannot be stored."""
    try:
        return commit(file_id=file_id, at=at, progress=progress, again=True)
    except tuple(FAILURES) as error:
        note_failure(file_id=file_id, failure=failure_of(error))
    return []


def failure_of(error: Exception) -> dict[str, Any]:
    """The code and facts of one of the `FAILURES`."""
    if isinstance(error, UnreadableFile):
        return {"code": error.code, **error.facts}
    facts = {"message": error.errors[0].message} if isinstance(error, RowErrors) else {}
    return {"code": FAILURES[type(error)], **facts}


def note_failure(*, file_id: int, failure: dict[str, Any]) -> None:
    """Keep why a file cannot be stored: a code and the facts of its sentence."""
    MeterFile.objects.filter(pk=file_id, committed_at__isnull=True).update(failure=failure)


def asked_before(at: datetime) -> list[int]:
    """Files that were to be stored, and neither are nor say why not."""
    waiting = MeterFile.objects.filter(asked_at__lte=at, committed_at__isnull=True, failure__isnull=True)
    return list(waiting.values_list("pk", flat=True))


def commit(
    *, file_id: int, at: datetime, progress: Progress | None = None, again: bool = False, by: Member | None = None
) -> list[Upload]:
    """Store a file's readings as of `at`: every supply that may be written, or nothing at all.

    Committing a file once more changes nothing, unless it is to be read `again` because the reader has changed
    since; then what it says otherwise becomes a new version. Raises one of `FAILURES`. `progress` is told the
    step, how much of it is done, and of how much.
    """
    tell = progress or _tell_nobody
    file = MeterFile.objects.select_related("community", "metering_point", "mapping", "token").get(pk=file_id)
    if not _is_to_be_stored(file, again):
        return list(file.uploads.order_by("pk"))
    tell("reading", 0, file.size)
    reading = read(file)
    # Before anything is locked or read, so that others wait for the months alone.
    make_months(_instants(reading, at))
    with transaction.atomic():
        file = MeterFile.objects.select_for_update(of=("self",)).get(pk=file_id)
        if not _is_to_be_stored(file, again):
            return list(file.uploads.order_by("pk"))
        let_think()
        supplies = _storable(preview(file=file, at=at, reading=reading))
        points = [supply.metering_point for supply in supplies if supply.metering_point]
        with storing(points, [*_instants(reading, at), *_around_dials(supplies)]):
            uploads = []
            for i, supply in enumerate(supplies):
                tell("storing", i, len(supplies))
                uploads.append(_store(supply, file, reading.minutes, at))
        MeterFile.objects.filter(pk=file.pk).update(committed_at=at, parser_version=PARSER_VERSION, failure=None)
        homes = Household.objects.filter(metering_points__uploads__in=uploads).distinct()
        record_for(homes, What.FILE_STORED, at=at, by=by or _whose(file), about=file)
    return uploads


def _is_to_be_stored(file: MeterFile, again: bool) -> bool:
    """Whether what the file says is not stored, or by an old reader. Raises `OlderVersion`."""
    outdated = again and file.parser_version < PARSER_VERSION and bool(file.content)
    if file.committed_at is not None and not outdated:
        return False
    newer = MeterFile.objects.filter(
        community=file.community_id, family=file.family, version__gt=file.version, committed_at__isnull=False
    )
    if file.family and newer.exists():
        raise OlderVersion(file.name)
    return True


def _storable(seen: Preview) -> list[Supply]:
    """The supplies to store, by their meters. Raises `RowErrors` and `NothingToStore`."""
    for supply in seen.supplies:
        if supply.metering_point and supply.faults:
            raise RowErrors(supply.faults.errors[:MOST_ERRORS], supply.faults.refused)
    if not seen.storable:
        raise NothingToStore(seen.file.name)
    return sorted(seen.storable, key=lambda supply: supply.metering_point.pk if supply.metering_point else 0)


def _instants(reading: FileReading, at: datetime) -> list[datetime]:
    """The first and the last instant that the file may store something of."""
    told = chain((one.start for one in reading.intervals), (one.at for one in reading.registers))
    sane = [instant for instant in told if EARLIEST <= instant <= at + AHEAD]
    return [min(sane), max(sane)] if sane else []


def _around_dials(supplies: Sequence[Supply]) -> Iterator[datetime]:
    """Instants of what follows from dials and from their neighbours, which the file does not hold."""
    for supply in supplies:
        if supply.metering_point and supply.dials:
            yield from reach(supply.metering_point, supply.dials)


def _whose(file: MeterFile) -> Actor:
    """Who handed a file in."""
    return token_name(file.token) if file.token else file.uploaded_by


def _tell_nobody(_step: str, _done: int, _of: int) -> None:
    """Progress that nobody waits for."""


def _store(supply: Supply, file: MeterFile, minutes: int, at: datetime) -> Upload:
    assert supply.metering_point is not None
    facts: dict[str, Any] = {
        "metering_point": supply.metering_point,
        "source": Upload.Source.FILE,
        "content_sha256": file.content_sha256,
        "at": at,
        "file": file,
        "token": file.token,
        "checked": True,
    }
    if supply.dials:
        return store_registers(rows=supply.dials, **facts)
    return store_readings(rows=supply.rows(), minutes=minutes, **facts)
