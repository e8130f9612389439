"""Agents write the orders of a slot: load what they may see, let each decide, record."""

from datetime import datetime

from django.db import transaction

from market.agents import Decision, decide
from market.models import Order, PlanStep, SetPoint, Slot
from market.queries.agents import Assignment, assignments


@transaction.atomic
def place_orders(*, slot_id: int, at: datetime) -> None:
    """Let every household's agent order in a slot, once; after gate closure nothing is written.

    A second call finds the orders written and changes nothing.
    """
    slot = Slot.objects.select_for_update(of=("self",)).select_related("community").get(pk=slot_id)
    if slot.ordered_at is not None or slot.status != Slot.Status.OPEN or at >= slot.gate_closure:
        return
    planned = slot.start.minute == 0  # plans change slowly; one an hour is enough to read
    decisions = [
        (assignment, decide(assignment.observation, planned=planned)) for assignment in assignments(slot, at)
    ]
    Order.objects.bulk_create(
        [order for assignment, decision in decisions for order in _orders(slot, assignment, decision, at)]
    )
    SetPoint.objects.bulk_create(
        [
            SetPoint(slot=slot, device_id=device, base_wh=base_wh)
            for _, decision in decisions
            for device, base_wh in decision.base_wh.items()
        ]
    )
    if planned:
        PlanStep.objects.bulk_create(
            [step for assignment, decision in decisions for step in _plan(assignment, decision, at)]
        )
    slot.ordered_at = at
    slot.save(update_fields=["ordered_at"])


def _orders(slot: Slot, assignment: Assignment, decision: Decision, at: datetime) -> list[Order]:
    seen = assignment.observation
    retailer = {"buy": seen.import_ueur_kwh[0], "sell": seen.feed_in_ueur_kwh[0]}
    return [
        Order(
            slot=slot,
            household_id=seen.household_id,
            mandate_id=assignment.mandate_id,
            device_id=wish.device_id,
            side=wish.side,
            kind=wish.kind,
            energy_wh=wish.energy_wh,
            limit_ueur_kwh=wish.limit_ueur_kwh,
            retailer_ueur_kwh=retailer[wish.side],
            placed_at=at,
        )
        for wish in decision.orders
    ]


def _plan(assignment: Assignment, decision: Decision, at: datetime) -> list[PlanStep]:
    return [
        PlanStep(
            household_id=assignment.observation.household_id,
            device_id=step.device_id,
            planned_at=at,
            position=position,
            kind=step.kind,
            start=step.start,
            end=step.end,
            energy_wh=step.energy_wh,
            limit_ueur_kwh=step.limit_ueur_kwh,
            reason=step.reason,
            facts=step.facts,
        )
        for position, step in enumerate(decision.plan)
    ]
