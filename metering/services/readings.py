"""Storing what meters say: once, with every version, all or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from community.copying import copy_into
from metering.formats.merging import RANK
from metering.intervals import is_on_grid
from metering.models import ApiToken, MeterFile, MeteringPoint, Reading, Upload
from metering.services.storing import storing

EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
# A gateway's clock may run a little ahead of ours.
AHEAD = timedelta(minutes=5)
MOST_WH = 10_000_000
MOST_ERRORS = 100


class ReadingRow(NamedTuple):
    """One interval as it was sent: Wh in `channel`, from `start` (aware) for the upload's resolution.

    `number` is its line where it comes from a file.
    """

    channel: str
    start: datetime
    energy_wh: int
    quality: str = Reading.Quality.MEASURED
    number: int | None = None


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one row; `code` is stable, `field` is empty if it concerns the whole row."""

    row: int
    field: str
    code: str
    message: str


class RowErrors(ValueError):
    """Rows were refused, so nothing of the upload was stored."""

    def __init__(self, errors: Sequence[RowError], refused: int) -> None:
        super().__init__(f"{refused} rows were refused")
        self.errors = errors[:MOST_ERRORS]
        self.refused = refused


def store_readings(
    *,
    metering_point: MeteringPoint,
    rows: Sequence[ReadingRow],
    source: str,
    content_sha256: str,
    at: datetime,
    token: ApiToken | None = None,
    file: MeterFile | None = None,
    minutes: int | None = None,
    checked: bool = False,
    force: bool = False,
) -> Upload:
    """Store an upload as of `at`; the counts of the returned `Upload` say what became of its rows.

    Rows have the meter's resolution unless `minutes` says otherwise, as an hourly file of a quarter-hour
    meter does. A row that is known (same interval, value and quality) changes nothing; another value becomes
    a new version unless its quality is worse and nobody insists (`force`). One bad row refuses the whole
    upload with `RowErrors`; `checked` rows have been through `faults` already.
    """
    minutes = minutes or metering_point.resolution_minutes
    if not checked:
        check(rows, minutes, at)
    upload = nothing_yet(metering_point=metering_point, token=token, file=file, source=source, received=len(rows))
    upload.content_sha256, upload.received_at = content_sha256, at
    with storing([metering_point], [row.start for row in rows]):
        news = judge(rows, current(metering_point, rows, minutes), upload, force=force)
        upload.save()
        _write(upload, rows, news, minutes)
    return upload


def store_derived(*, upload: Upload, rows: Sequence[ReadingRow]) -> None:
    """Store what follows from an upload that is saved already; the caller holds the meter and its months.

    The upload's counts speak of what came, not of what follows from it.
    """
    minutes = upload.metering_point.resolution_minutes
    known = current(upload.metering_point, rows, minutes)
    _write(upload, rows, judge(rows, known, nothing_yet()), minutes)


def nothing_yet(**facts: Any) -> Upload:
    """An upload of which nothing has been judged."""
    return Upload(created=0, unchanged=0, revised=0, **facts)


def check(rows: Sequence[ReadingRow], minutes: int, at: datetime) -> None:
    """Raise `RowErrors` naming every row (up to 100) that no meter can mean."""
    errors = faults(rows, minutes, at)
    if errors:
        raise RowErrors(errors, len({error.row for error in errors}))


def faults(rows: Sequence[ReadingRow], minutes: int, at: datetime) -> list[RowError]:
    """What is wrong with rows of a meter with intervals of `minutes`, seen at `at`; in their order."""
    errors: list[RowError] = []
    seen: dict[tuple[str, datetime], int] = {}
    latest = at + AHEAD
    for i, row in enumerate(rows):
        # All is well with nearly every row, and then this is all that is asked of it.
        sane = EARLIEST <= row.start <= latest and 0 <= row.energy_wh <= MOST_WH
        if not (sane and is_on_grid(row.start, minutes)):
            errors += _row_errors(i, row, minutes, at)
        first = seen.setdefault((row.channel, row.start), i)
        if first != i and (rows[first].energy_wh, rows[first].quality) != (row.energy_wh, row.quality):
            message = _("Rows %(first)d and %(second)d give the same interval different values: send one.")
            errors.append(RowError(i, "", "contradiction", message % {"first": first, "second": i}))
    return errors


def sound(rows: Sequence[ReadingRow], errors: Sequence[RowError]) -> list[ReadingRow]:
    """The rows without a fault; of two that contradict each other, neither."""
    bad = {error.row for error in errors}
    doubtful = {(rows[e.row].channel, rows[e.row].start) for e in errors if e.code == "contradiction"}
    return [row for i, row in enumerate(rows) if i not in bad and (row.channel, row.start) not in doubtful]


def _row_errors(i: int, row: ReadingRow, minutes: int, at: datetime) -> list[RowError]:
    errors = []
    if not is_on_grid(row.start, minutes):
        message = _("The start must be a full %(minutes)d-minute mark of this meter.") % {"minutes": minutes}
        errors.append(RowError(i, "start", "off-grid", message))
    if row.start > at + AHEAD:
        errors.append(RowError(i, "start", "future", _("The start lies in the future: check the clock.")))
    if row.start < EARLIEST:
        errors.append(RowError(i, "start", "too-old", _("The start lies before 2010: check the year.")))
    if row.energy_wh < 0:
        message = _("Energy is never negative: use the other channel for the other direction.")
        errors.append(RowError(i, "energy_wh", "negative", message))
    if row.energy_wh > MOST_WH:
        errors.append(RowError(i, "energy_wh", "too-large", _("No home uses that much: is the unit Wh?")))
    return errors


# Version, energy and quality by channel and start, in seconds since 1970.
Known = dict[tuple[str, int], list[Any]]


def judge(rows: Sequence[ReadingRow], known: Known, upload: Upload, *, force: bool = False) -> dict[int, int]:
    """Versions to write, by row; counts the upload's rows on the way. Writes nothing."""
    news: dict[int, int] = {}
    written: set[tuple[str, int]] = set()
    for i, row in enumerate(rows):
        key = (row.channel, int(row.start.timestamp()))
        before = known.get(key)
        if key in written:
            upload.unchanged += 1
        elif before is None:
            news[i] = 1
            upload.created += 1
        elif before[1:] == [row.energy_wh, row.quality] or (RANK[row.quality] < RANK[before[2]] and not force):
            upload.unchanged += 1
        else:
            news[i] = before[0] + 1
            upload.revised += 1
        written.add(key)
    return news


NEWEST = """
SELECT DISTINCT ON (channel, start) channel, extract(epoch FROM start)::bigint, version, energy_wh, quality
FROM metering_reading
WHERE metering_point_id = %s AND resolution_minutes = %s AND start BETWEEN %s AND %s
ORDER BY channel, start, version DESC
"""


def current(metering_point: MeteringPoint, rows: Sequence[ReadingRow], minutes: int) -> Known:
    """(version, energy, quality) of the newest version of each interval that `rows` span."""
    if not rows:
        return {}
    starts = [row.start for row in rows]
    with connection.cursor() as cursor:
        # Seconds rather than instants: ten thousand instants take longer to build than all else here.
        cursor.execute(NEWEST, [metering_point.pk, minutes, min(starts), max(starts)])
        return {(channel, second): known for channel, second, *known in cursor.fetchall()}


def _write(upload: Upload, rows: Sequence[ReadingRow], news: dict[int, int], minutes: int) -> None:
    """Write the new versions; the meter is locked, so no other upload can be in between."""
    if not news:
        return
    fields = ("metering_point_id", "channel", "start", "resolution_minutes", "version", "energy_wh", "quality")
    copy_into(
        Reading,
        (*fields, "received_at", "upload_id", "row"),
        (
            (
                upload.metering_point_id,
                row.channel,
                row.start,
                minutes,
                version,
                row.energy_wh,
                row.quality,
                upload.received_at,
                upload.pk,
                i if row.number is None else row.number,
            )
            for i, row, version in ((i, rows[i], version) for i, version in news.items())
        ),
    )
