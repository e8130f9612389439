"""What homes answered to the market's suggestions, and which of them answer no more."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from community.models import Device, Household
from market.models import Acknowledgement, SetPoint

# How far back a home's page looks for an answer, and after how long without one it says so.
LOOK_BACK = timedelta(days=1)
SILENT_AFTER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Answered:
    """A device's answer to its set-point `asked_wh` (+ take, − give; panels: Wh to hold back)."""

    device: str
    kind: str
    asked_wh: int
    answer: str
    reason: str
    energy_wh: int | None


@dataclass(frozen=True, slots=True)
class Following:
    """What a home made of the latest suggestion that it answered; `start` and `end` are None if it never did.

    `silent` means that it has left suggestions of two hours or more unanswered since.
    """

    start: datetime | None
    end: datetime | None
    answers: tuple[Answered, ...]
    silent: bool


def newest_answers(
    slot_ids: Collection[int], devices: Collection[int] | None = None
) -> dict[tuple[int, int], Acknowledgement]:
    """The answer that counts, by slot and device; of some devices, if they are named."""
    rows = Acknowledgement.objects.filter(slot__in=slot_ids)
    if devices is not None:
        rows = rows.filter(device__in=devices)
    rows = rows.order_by("slot_id", "device_id", "-revision")
    return {(row.slot_id, row.device_id): row for row in rows.distinct("slot_id", "device_id")}


def following(household: Household, at: datetime) -> Following | None:
    """How the home takes what the market suggests; None if nothing was suggested within a day."""
    rows = SetPoint.objects.filter(
        slot__community=household.community_id,
        slot__start__gt=at - LOOK_BACK,
        slot__start__lte=at,
        device__household=household,
        energy_wh__isnull=False,
    ).order_by("-slot__start", "device_id")
    # Plain values: a day has a hundred of them, and only the newest answered slot is told.
    points = list(rows.values_list("slot_id", "slot__start", "device_id", "energy_wh"))
    if not points:
        return None
    given = newest_answers({slot for slot, *_ in points}, {device for _, _, device, _ in points})
    answered = [point for point in points if (point[0], point[2]) in given]
    if not answered:
        return Following(None, None, (), points[-1][1] <= at - SILENT_AFTER)
    newest, start, *_ = answered[0]
    since = [begun for _slot, begun, *_ in points if begun > start]
    told = {device: energy_wh for slot, _start, device, energy_wh in answered if slot == newest}
    devices = Device.objects.in_bulk(told)
    return Following(
        start,
        start + timedelta(minutes=household.community.slot_minutes),
        tuple(_answered(devices[one], energy_wh or 0, given[newest, one]) for one, energy_wh in told.items()),
        bool(since) and min(since) <= at - SILENT_AFTER,
    )


def _answered(device: Device, asked_wh: int, row: Acknowledgement) -> Answered:
    return Answered(device.name, device.kind, asked_wh, row.answer, row.reason, row.energy_wh)
