"""What homes answered to the market's suggestions, and which of them answer no more."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from community.models import Household
from market.models import Acknowledgement, SetPoint

# How far back a home's page looks for an answer, and after how long without one it says so.
LOOK_BACK = timedelta(days=1)
SILENT_AFTER = timedelta(hours=2)


class Asked(NamedTuple):
    """A set-point: what the market asked of a device in a slot."""

    slot_id: int
    start: datetime
    device_id: int
    device: str
    kind: str
    energy_wh: int


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
    # Plain values: a day has a hundred of them.
    columns = "slot_id", "slot__start", "device_id", "device__name", "device__kind", "energy_wh"
    points = [Asked(*point) for point in rows.values_list(*columns)]
    if not points:
        return None
    given = newest_answers({point.slot_id for point in points}, {point.device_id for point in points})
    answered = [point for point in points if (point.slot_id, point.device_id) in given]
    if not answered:
        return Following(None, None, (), points[-1].start <= at - SILENT_AFTER)
    newest, start = answered[0].slot_id, answered[0].start
    since = [point.start for point in points if point.start > start]
    told = {point.device_id: point for point in answered if point.slot_id == newest}
    return Following(
        start,
        start + timedelta(minutes=household.community.slot_minutes),
        tuple(_answered(point, given[newest, device]) for device, point in told.items()),
        bool(since) and min(since) <= at - SILENT_AFTER,
    )


def _answered(point: Asked, row: Acknowledgement) -> Answered:
    return Answered(point.device, point.kind, point.energy_wh, row.answer, row.reason, row.energy_wh)
