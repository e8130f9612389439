"""Reads of what was measured: the newest version of every interval, in the market's slots."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Min, Q, QuerySet

from community.models import Device
from metering.intervals import split
from metering.models import MeterChange, MeteringPoint, Reading, RegisterReading
from metering.models.sealed import lookup_of
from metering.plausibility import Connection
from metering.registers import Change, Difference, differences, standing

Energies = dict[tuple[int, str, datetime], tuple[int, str]]


def energy(community_id: int, start: datetime, end: datetime, minutes: int) -> Energies:
    """(Wh, quality) by (household, channel, slot start) in `[start, end)`, summed over a home's meters.

    A meter with longer intervals than the slot is spread evenly and marked `profiled`; one with shorter
    intervals is summed. Where a meter's hour came in quarters as well, the quarters count. Slots without
    readings are absent, never zero.
    """
    newest = (
        Reading.objects.filter(
            metering_point__household__community=community_id,
            start__gt=start - timedelta(hours=1),
            start__lt=end,
            channel__in=[Reading.Channel.IMPORT, Reading.Channel.EXPORT],
        )
        .order_by("metering_point_id", "channel", "start", "resolution_minutes", "-version")
        .distinct("metering_point_id", "channel", "start", "resolution_minutes")
    )
    fields = ("metering_point_id", "metering_point__household_id", "channel", "start")
    finest: dict[tuple[int, int, str, datetime], tuple[int, int, str]] = {}
    found = newest.values_list(*fields, "resolution_minutes", "energy_wh", "quality")
    for point, household, channel, at, resolution, energy_wh, quality in found:
        kind = quality if resolution == minutes else Reading.Quality.PROFILED.value
        for slot, part in _in_slots(at, energy_wh, resolution, minutes):
            if not start <= slot < end:
                continue
            key = (point, household, channel, slot)
            before = finest.get(key)
            if before is None or resolution < before[0]:
                finest[key] = (resolution, part, kind)
            elif resolution == before[0]:
                finest[key] = (resolution, before[1] + part, kind)
    answer: Energies = {}
    for (_point, household, channel, slot), (_resolution, part, kind) in finest.items():
        energy_wh, _kind = answer.get((household, channel, slot), (0, kind))
        answer[household, channel, slot] = (energy_wh + part, kind)
    return answer


def _in_slots(start: datetime, energy_wh: int, resolution: int, minutes: int) -> list[tuple[datetime, int]]:
    if resolution == minutes:
        return [(start, energy_wh)]
    if resolution < minutes:
        past = int(start.timestamp()) % (minutes * 60)
        return [(start - timedelta(seconds=past), energy_wh)]
    step = timedelta(minutes=minutes)
    return [(start + step * i, part) for i, part in enumerate(split(energy_wh, resolution // minutes))]


def complete_starts(community_id: int, start: datetime, end: datetime, minutes: int) -> set[datetime]:
    """Starts of the slots in `[start, end)` for which every home with a meter has import and export."""
    homes = set(
        MeteringPoint.objects.filter(household__community=community_id).values_list("household_id", flat=True)
    )
    seen: dict[datetime, set[tuple[int, str]]] = defaultdict(set)
    for household, channel, slot in energy(community_id, start, end, minutes):
        seen[slot].add((household, channel))
    return {slot for slot, parts in seen.items() if len(parts) == 2 * len(homes)}


def received_since(community_id: int, since: datetime, minutes: int) -> dict[datetime, datetime]:
    """Slots that got readings after `since`, with the instant of the newest one."""
    rows = (
        Reading.objects.filter(metering_point__household__community=community_id, received_at__gt=since)
        .values_list("start", "resolution_minutes")
        .annotate(Max("received_at"))
    )
    answer: dict[datetime, datetime] = {}
    for start, resolution, received_at in rows:
        for slot, _ in _in_slots(start, 0, resolution, minutes):
            answer[slot] = max(received_at, answer.get(slot, received_at))
    return answer


def readings_of(
    metering_point: MeteringPoint,
    start: datetime,
    end: datetime,
    channel: str | None = None,
    as_of: datetime | None = None,
    after: tuple[datetime, str, int] | None = None,
) -> QuerySet[Reading]:
    """Newest versions of one meter's readings that start in `[start, end)`, of one channel or all.

    With `as_of` the newest that were received by then; with `after` what follows that (start, channel,
    resolution), so that a long answer can be read in pages.
    """
    rows = Reading.objects.filter(metering_point=metering_point, start__gte=start, start__lt=end)
    if channel:
        rows = rows.filter(channel=channel)
    if as_of:
        rows = rows.filter(received_at__lte=as_of)
    if after:
        at, of, minutes = after
        later = (
            Q(start__gt=at) | Q(start=at, channel__gt=of) | Q(start=at, channel=of, resolution_minutes__gt=minutes)
        )
        rows = rows.filter(later, start__gte=at)
    return rows.order_by("start", "channel", "resolution_minutes", "-version").distinct(
        "start", "channel", "resolution_minutes"
    )


def with_cups(codes: Iterable[str]) -> QuerySet[MeteringPoint]:
    """The metering points of these codes, written out in full: the only way from a CUPS to its point."""
    return MeteringPoint.objects.filter(cups_lookup__in=[lookup_of(code) for code in codes])


def changes_of(point: MeteringPoint, channel: str) -> list[Change]:
    """Declared changes of one dial."""
    found = MeterChange.objects.filter(metering_point=point, channel=channel)
    return [Change(*row) for row in found.values_list("at", "final_wh", "first_wh")]


def newest(found: Iterable[RegisterReading]) -> list[RegisterReading]:
    """The newest version of each instant of one dial, in their order."""
    by_instant = {one.at: one for one in sorted(found, key=lambda one: one.version)}
    return sorted(by_instant.values(), key=lambda one: one.at)


def blocks(point: MeteringPoint, channel: str, start: datetime, end: datetime) -> list[Difference]:
    """Spans of several intervals that touch `[start, end)` and of which only the sum is known, by a dial."""
    counted = RegisterReading.objects.filter(metering_point=point, channel=channel, set_aside=False)
    before = counted.filter(at__lt=start).order_by("-at", "-version")[:1]
    after = counted.filter(at__gt=end).order_by("at", "-version")[:1]
    changes = changes_of(point, channel)
    rows = newest([*before, *counted.filter(at__range=(start, end)), *after])
    length = timedelta(minutes=point.resolution_minutes)
    told = differences([standing(one.at, one.register_wh, changes) for one in rows], point.resolution_minutes)
    return [one for one in told if one.end - one.start > length and one.start < end and one.end > start]


def connection_of(point: MeteringPoint) -> Connection:
    """What stands behind a metering point, as far as a doubt needs it."""
    home = point.household
    devices = Device.objects.filter(household=home, retired_at__isnull=True)
    kinds = set(devices.values_list("kind", flat=True))
    return Connection(home.contracted_w, Device.Kind.PV in kinds, Device.Kind.BATTERY in kinds)


@dataclass(frozen=True, slots=True)
class SetAside:
    """Registers of one dial that contradict their neighbours; `before_kwh` is what counted last before them."""

    channel: str
    readings: int
    first: datetime
    last: datetime
    before_kwh: Decimal


def registers_set_aside(point: MeteringPoint) -> list[SetAside]:
    """What is set aside, dial by dial."""
    aside = RegisterReading.objects.filter(metering_point=point, set_aside=True)
    answer = []
    for channel, count, first, last in aside.values_list("channel").annotate(Count("pk"), Min("at"), Max("at")):
        counted = RegisterReading.objects.filter(metering_point=point, channel=channel, set_aside=False)
        before = counted.filter(at__lt=first).order_by("-at", "-version").first()
        kwh = Decimal(before.register_wh if before else 0) / 1_000
        answer.append(SetAside(channel, count, first, last, kwh))
    return sorted(answer, key=lambda one: one.channel, reverse=True)


def set_aside_within(community_id: int, start: datetime, end: datetime) -> dict[int, int]:
    """Registers that are set aside in `[start, end)`, by metering point."""
    aside = RegisterReading.objects.filter(
        metering_point__household__community=community_id, set_aside=True, at__gte=start, at__lt=end
    )
    return dict(aside.values_list("metering_point_id").annotate(Count("pk")))
