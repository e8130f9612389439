"""What a home's gateway should do: the cleared set-points of its devices, slot by slot."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, F, Sum, When

from market.agents import Mandate as MandateTerms
from market.agents.window_steps import LACKS
from market.models import Mandate, Outcome, PlanStep, SetPoint, Slot

# Energy that flows by the clearing, with neighbours and retailer together: bought less sold.
_FLOW = F("local_wh") + F("retailer_wh")
NET_FLOW = Sum(Case(When(order__side="buy", then=_FLOW), default=-_FLOW))


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """Energy a device should take (+) or give (−) at the AC side; panels: energy to hold back."""

    device: int
    kind: str
    energy_wh: int


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """One cleared slot of a home: what it is expected to draw in sum (+ import, − export), and what all agents of
    the street had been told.
    """

    slot_id: int
    start: datetime
    end: datetime
    price_ueur_kwh: int | None
    scheduled_net_wh: int
    devices: tuple[DevicePlan, ...]
    signals: dict[str, Any] | None = None

    @property
    def version(self) -> str:
        """What a home names when it answers this suggestion."""
        return suggestion_version(self.start, self.scheduled_net_wh, self.devices)


def suggestion_version(start: datetime, scheduled_net_wh: int, devices: Sequence[DevicePlan]) -> str:
    """Sixteen letters that change with what is suggested for a slot."""
    parts = [f"{int(start.timestamp())} {scheduled_net_wh}"]
    parts += [f"{device.device} {device.energy_wh}" for device in devices]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def cleared_plan(household_id: int, community_id: int, start: datetime, end: datetime) -> list[SlotPlan]:
    """The plan of each slot that starts in `[start, end)` and has been cleared, in order of time."""
    slots = Slot.objects.filter(
        community=community_id, start__gte=start, start__lt=end, cleared_at__isnull=False
    ).order_by("start")
    net = Outcome.objects.filter(slot__in=slots, order__household=household_id).values_list("slot_id")
    nets = dict(net.annotate(net_wh=NET_FLOW))
    devices: dict[int, list[DevicePlan]] = defaultdict(list)
    rows = SetPoint.objects.filter(slot__in=slots, device__household=household_id).order_by("device_id")
    for slot, device, kind, energy_wh in rows.values_list("slot_id", "device_id", "device__kind", "energy_wh"):
        devices[slot].append(DevicePlan(device, kind, energy_wh or 0))
    return [
        SlotPlan(
            slot.pk,
            slot.start,
            slot.end,
            slot.price_ueur_kwh,
            nets.get(slot.pk, 0),
            tuple(devices[slot.pk]),
            slot.signals,
        )
        for slot in slots
    ]


@dataclass(frozen=True, slots=True)
class HomePlan:
    """One home's plan for one slot, with the reserve that its owner keeps."""

    slot_id: int
    version: str
    scheduled_net_wh: int
    devices: tuple[DevicePlan, ...]
    reserve_pct: int


COMMUNITY_PLAN = """
SELECT s.id, o.household_id,
    sum(CASE o.side WHEN 'buy' THEN c.local_wh + c.retailer_wh ELSE -c.local_wh - c.retailer_wh END),
    m.reserve_pct, m.objective,
    coalesce((
        SELECT json_agg(json_build_array(d.id, d.kind, p.energy_wh) ORDER BY d.id)
        FROM market_setpoint p JOIN community_device d ON d.id = p.device_id
        WHERE p.slot_id = s.id AND d.household_id = o.household_id
    ), '[]')
FROM market_slot s JOIN market_order o ON o.slot_id = s.id JOIN market_outcome c ON c.order_id = o.id
    JOIN market_mandate m ON m.id = o.mandate_id
WHERE s.community_id = %(community)s AND s.start = %(start)s
GROUP BY s.id, o.household_id, m.reserve_pct, m.objective
"""


def community_plan(community_id: int, start: datetime) -> dict[int, HomePlan]:
    """Every home's plan for the slot that starts at `start`, by household; without orders a home is absent."""
    with connection.cursor() as cursor:
        cursor.execute(COMMUNITY_PLAN, {"community": community_id, "start": start})
        rows = cursor.fetchall()
    answer = {}
    for slot_id, home, net_wh, reserve, objective, devices in rows:
        asked = tuple(DevicePlan(*device) for device in devices)
        version = suggestion_version(start, int(net_wh), asked)
        answer[home] = HomePlan(slot_id, version, int(net_wh), asked, _held_pct(reserve, objective))
    return answer


def reserve_pct(household_id: int, at: datetime) -> int:
    """The battery reserve that the owner's mandate in force at `at` asks for; 100 without a mandate."""
    mandates = Mandate.objects.filter(household=household_id, valid_from__lte=at).order_by("-valid_from")
    given = mandates.values_list("reserve_pct", "objective").first()
    return 100 if given is None else _held_pct(*given)


def _held_pct(reserve: int, objective: str) -> int:
    return MandateTerms(reserve_pct=reserve, objective=objective).held_pct


@dataclass(frozen=True, slots=True)
class NextStep:
    """What a device is meant to do in hours that are not cleared yet: + take, − give.

    `starts_at` is when a car begins: a little after `start`, so that a street never begins in one second.
    """

    device: int
    kind: str
    start: datetime
    end: datetime
    starts_at: datetime
    energy_wh: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lacking:
    """Energy that a car will not have when it leaves; `ready_at`: when it would, if it stayed (None: unknown)."""

    device: int
    ready_by: datetime
    missing_wh: int
    reason: str
    full_from: datetime | None
    full_until: datetime | None
    ready_at: datetime | None


def next_steps(steps: Sequence[PlanStep]) -> tuple[list[NextStep], list[Lacking]]:
    """The steps of devices in order of time, and what cars will lack."""
    answer, lacking = [], []
    for step in sorted(steps, key=lambda step: (step.start, step.position)):
        if step.device_id is None:
            continue
        if step.kind == LACKS:
            lacking.append(_lacking(step.device_id, step))
            continue
        energy_wh = -step.energy_wh if step.kind == "discharge" else step.energy_wh
        starts_at = step.start + timedelta(seconds=int(step.facts.get("late_s", 0)))
        answer.append(NextStep(step.device_id, step.kind, step.start, step.end, starts_at, energy_wh, step.reason))
    return answer, lacking


def _lacking(device: int, step: PlanStep) -> Lacking:
    known = {
        name: datetime.fromisoformat(step.facts[name]) if step.facts.get(name) else None
        for name in ("full_from", "full_until", "ready_at")
    }
    return Lacking(device, step.end, step.energy_wh, step.reason, **known)


def plan_version(
    reserve: int, slots: Sequence[SlotPlan], steps: Sequence[NextStep], lacking: Sequence[Lacking]
) -> str:
    """Sixteen letters that change with anything that a plan says."""
    parts = [str(reserve), *(slot.version for slot in slots), *map(str, steps), *map(str, lacking)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
