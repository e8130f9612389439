"""Storing what dials show: as it came, and as the energy of the intervals between."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from metering.models import ApiToken, MeterFile, MeteringPoint, RegisterReading, Upload
from metering.queries import changes_of, newest
from metering.registers import NEAR, Standing, differences, fits, standing
from metering.services.readings import (
    AHEAD,
    EARLIEST,
    ReadingRow,
    RowError,
    RowErrors,
    nothing_yet,
    store_derived,
)
from metering.services.storing import storing

# No dial of a home shows more than this: ten million kWh.
MOST_WH = 10**10
# What the wires of a home can carry at the very most; a community building's contract may allow more.
MOST_W = 100_000


class RegisterRow(NamedTuple):
    """What a dial showed: Wh of `channel` at `at` (aware); `number` is its line where it comes from a file."""

    channel: str
    at: datetime
    register_wh: int
    number: int | None = None


def store_registers(
    *,
    metering_point: MeteringPoint,
    rows: Sequence[RegisterRow],
    source: str,
    content_sha256: str,
    at: datetime,
    token: ApiToken | None = None,
    file: MeterFile | None = None,
    checked: bool = False,
) -> Upload:
    """Store registers as of `at` and the energy that follows; the upload's counts speak of the registers.

    One that falls below an earlier one, or rises beyond what the wires carry, is kept but `set_aside`.
    Raises `RowErrors`, unless `checked`, and then nothing is stored.
    """
    if not checked:
        errors = register_faults(rows, at)
        if errors:
            raise RowErrors(errors, len({error.row for error in errors}))
    upload = nothing_yet(metering_point=metering_point, token=token, file=file, source=source, received=len(rows))
    upload.content_sha256, upload.received_at = content_sha256, at
    with storing([metering_point], reach(metering_point, rows)):
        news = _news(metering_point, rows, upload)
        upload.save()
        for one in news:
            one.upload, one.received_at = upload, at
        RegisterReading.objects.bulk_create(news)
        for channel in sorted({one.channel for one in news}):
            difference(upload, channel, [one for one in news if one.channel == channel])
        upload.set_aside = sum(one.set_aside for one in news)
        upload.save(update_fields=["set_aside"])
    return upload


def reach(metering_point: MeteringPoint, rows: Iterable[RegisterRow | RegisterReading]) -> list[datetime]:
    """Instants around all intervals that can follow from these registers and their neighbours.

    Between two registers that show the same, nothing flowed in any interval, however many months that was.
    """
    instants: dict[str, list[datetime]] = {}
    for row in rows:
        instants.setdefault(row.channel, []).append(row.at)
    if not instants:
        return []
    span = timedelta(minutes=metering_point.resolution_minutes) + 2 * NEAR
    found: list[datetime] = []
    for channel, own in instants.items():
        known = RegisterReading.objects.filter(metering_point=metering_point, channel=channel, set_aside=False)
        before = known.filter(at__lt=min(own)).order_by("-at").values_list("at", flat=True)[:1]
        after = known.filter(at__gt=max(own)).order_by("at").values_list("at", flat=True)[:1]
        found += [*before, *own, *after]
    return [min(found) - span, max(found) + span]


def register_faults(rows: Sequence[RegisterRow], at: datetime) -> list[RowError]:
    """What is wrong with registers, seen at `at`; in their order."""
    errors: list[RowError] = []
    seen: dict[tuple[str, datetime], int] = {}
    for i, row in enumerate(rows):
        if row.at > at + AHEAD:
            errors.append(RowError(i, "at", "future", _("The instant lies in the future: check the clock.")))
        if row.at < EARLIEST:
            errors.append(RowError(i, "at", "too-old", _("The instant lies before 2010: check the year.")))
        if not 0 <= row.register_wh <= MOST_WH:
            message = _("A dial shows from 0 to ten million kWh: is the unit Wh?")
            errors.append(RowError(i, "register_wh", "out-of-range", message))
        first = seen.setdefault((row.channel, row.at), i)
        if rows[first].register_wh != row.register_wh:
            message = _("Rows %(first)d and %(second)d give the same instant different values: send one.")
            errors.append(RowError(i, "", "contradiction", message % {"first": first, "second": i}))
    return errors


def count_news(metering_point: MeteringPoint, rows: Sequence[RegisterRow], upload: Upload) -> None:
    """Count what storing would change. Writes nothing."""
    _news(metering_point, rows, upload)


def _news(metering_point: MeteringPoint, rows: Sequence[RegisterRow], upload: Upload) -> list[RegisterReading]:
    """Registers that are not known yet, the earliest first; counts the rows on the way."""
    known: dict[tuple[str, datetime], tuple[int, int]] = {}
    found = RegisterReading.objects.filter(metering_point=metering_point, at__in=[row.at for row in rows])
    for one in found.order_by("version"):
        known[one.channel, one.at] = (one.version, one.register_wh)
    news = []
    for i, row in enumerate(rows):
        version, register_wh = known.get((row.channel, row.at), (0, -1))
        if register_wh == row.register_wh:
            upload.unchanged += 1
            continue
        upload.created += not version
        upload.revised += bool(version)
        known[row.channel, row.at] = (version + 1, row.register_wh)
        news.append(
            RegisterReading(
                metering_point=metering_point,
                channel=row.channel,
                at=row.at,
                version=version + 1,
                register_wh=row.register_wh,
                row=i if row.number is None else row.number,
            )
        )
    return sorted(news, key=lambda one: one.at)


def difference(upload: Upload, channel: str, news: Sequence[RegisterReading]) -> None:
    """Judge new registers of one dial against those that count, and store the energy that follows."""
    point = upload.metering_point
    changes = changes_of(point, channel)
    fresh = {one.pk for one in news}
    chain = {one.at: one for one in _around(point, channel, news[0].at, news[-1].at) if one.pk not in fresh}
    standings = [standing(at, one.register_wh, changes) for at, one in chain.items()]
    most_w = max(MOST_W, 3 * point.household.contracted_w)
    for one in news:
        found = standing(one.at, one.register_wh, changes)
        left = bisect_left(standings, one.at, key=_instant)
        right = bisect_right(standings, one.at, key=_instant)
        before = standings[left - 1] if left else None
        after = standings[right] if right < len(standings) else None
        one.set_aside = not fits(before, found, after, most_w)
        if not one.set_aside:
            standings[left:right] = [found]
            chain[one.at] = one
    RegisterReading.objects.bulk_update(news, ["set_aside"], batch_size=1_000)
    accepted = {one.at for one in news if not one.set_aside}
    store_derived(upload=upload, rows=_readings(upload, channel, standings, chain, accepted))


def _instant(one: Standing) -> datetime:
    return one.at


def _readings(
    upload: Upload,
    channel: str,
    standings: Sequence[Standing],
    chain: dict[datetime, RegisterReading],
    news: set[datetime],
) -> list[ReadingRow]:
    """Energy of the intervals that a new register opens or closes; longer spans stay blocks."""
    minutes = upload.metering_point.resolution_minutes
    length = timedelta(minutes=minutes)
    return [
        ReadingRow(
            channel,
            one.start,
            one.energy_wh,
            "measured" if one.measured else "calculated",
            chain[one.closed if one.closed in news else one.opened].row,
        )
        for one in differences(standings, minutes)
        if one.end - one.start == length and {one.opened, one.closed} & news
    ]


def _around(point: MeteringPoint, channel: str, first: datetime, last: datetime) -> list[RegisterReading]:
    """Registers that count from `first` to `last`, and around it all that can matter to their intervals."""
    span = timedelta(minutes=point.resolution_minutes) + 2 * NEAR
    known = RegisterReading.objects.filter(metering_point=point, channel=channel, set_aside=False)
    within = known.filter(at__range=(first - span, last + span))
    before, after = known.filter(at__lt=first - span), known.filter(at__gt=last + span)
    return newest([*before.order_by("-at", "-version")[:1], *within, *after.order_by("at", "-version")[:1]])
