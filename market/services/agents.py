"""Agents write the orders of a slot: load what they may see, let each decide, record."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from psycopg.types.json import Jsonb

from community.copying import copy_into
from config.patience import let_think
from market.agents import Decision, clamped
from market.agents.fallback import standing
from market.agents.levels import decide_on
from market.models import Order, PlanStep, SetPoint, Slot
from market.queries.agents import Assignment, Street, assignments, read_street
from market.queries.charging import coordinated
from market.queries.guidance import followed_by, guided
from market.services.step_downs import record_standings

ORDER_FIELDS = (
    "slot_id", "household_id", "mandate_id", "device_id", "side", "kind", "energy_wh", "limit_ueur_kwh",
    "retailer_ueur_kwh", "placed_at",
)  # fmt: skip
PLAN_FIELDS = (
    "household_id", "device_id", "planned_at", "position", "kind", "start", "end", "energy_wh",
    "limit_ueur_kwh", "reason", "facts",
)  # fmt: skip


@transaction.atomic
def place_orders(*, slot_id: int, at: datetime, street: Street | None = None) -> None:
    """Let every household's agent order in a slot, once; after gate closure nothing is written.

    A second call finds the orders written, or being written, and changes nothing. `street` is what
    `queries.agents.read_street` answered moments ago, for callers that go through many slots at once.
    """
    claimed = Slot.objects.select_for_update(of=("self",), skip_locked=True).select_related("community")
    due = claimed.filter(pk=slot_id, status=Slot.Status.OPEN, ordered_at__isnull=True, gate_closure__gt=at)
    slot = due.first()
    if slot is None:
        return
    let_think()
    street = street or read_street(slot.community, slot.start, at)
    given, told = informed(assignments(street, slot, at), street, slot)
    decisions = [(one, decision_of(one, planned=_planned(slot, one))) for one in given]
    copy_into(
        Order, ORDER_FIELDS, (row for assignment, made in decisions for row in _orders(slot, assignment, made, at))
    )
    copy_into(
        SetPoint,
        ("slot_id", "device_id", "base_wh", "why"),
        (
            (slot.pk, device, base_wh, Jsonb(made.why.get(device, {})))
            for _, made in decisions
            for device, base_wh in made.base_wh.items()
        ),
    )
    copy_into(
        PlanStep, PLAN_FIELDS, (row for assignment, made in decisions for row in _plan(assignment, made, at))
    )
    record_standings(
        community=slot.community,
        street=standing(street.health),
        homes={assignment.observation.household_id: assignment.standing for assignment in given},
        at=at,
    )
    Slot.objects.filter(pk=slot.pk).update(ordered_at=at, signals=told)


def informed(
    given: Sequence[Assignment], street: Street, slot: Slot
) -> tuple[list[Assignment], dict[str, Any] | None]:
    """The assignments with the windows of their cars and the street's signals, and the signals as published."""
    planned = coordinated(given, street, slot)
    return guided(planned, street, slot, followed_by(planned, street))


def decision_of(assignment: Assignment, *, planned: bool) -> Decision:
    """What the household's agent decides on its level of the ladder, within what its owner allows."""
    seen = assignment.observation
    return clamped(decide_on(assignment.standing.level, seen, planned=planned), seen)


def _planned(slot: Slot, assignment: Assignment) -> bool:
    """Plans change slowly, so one an hour is enough to read; a car's windows may move with every slot."""
    on_the_hour = slot.start.minute == 0
    return on_the_hour or any(charger.windows for charger in assignment.observation.ev_chargers)


def _orders(slot: Slot, assignment: Assignment, decision: Decision, at: datetime) -> Iterator[tuple[Any, ...]]:
    """The rows of a household's orders, in the order of `ORDER_FIELDS`."""
    seen = assignment.observation
    retailer = {"buy": seen.import_ueur_kwh[0], "sell": seen.feed_in_ueur_kwh[0]}
    for wish in decision.orders:
        whose = (slot.pk, seen.household_id, assignment.mandate_id, wish.device_id)
        what = (wish.side, wish.kind, wish.energy_wh, wish.limit_ueur_kwh)
        yield (*whose, *what, retailer[wish.side], at)


def _plan(assignment: Assignment, decision: Decision, at: datetime) -> Iterator[tuple[Any, ...]]:
    """The rows of a household's plan, in the order of `PLAN_FIELDS`."""
    for position, step in enumerate(decision.plan):
        whose = (assignment.observation.household_id, step.device_id, at, position)
        what = (step.kind, step.start, step.end, step.energy_wh, step.limit_ueur_kwh)
        yield (*whose, *what, step.reason, Jsonb(step.facts))
