"""Clearing a slot at gate closure: load the book, let the core decide, record in one transaction."""

import logging
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from psycopg.types.json import Jsonb

from community.copying import copy_into
from community.models import Device
from market.clearing import Clearing, Rules, clear, verify
from market.clearing.book import Book, Kind
from market.models import Outcome, SetPoint, Slot, Trade
from market.queries.book import feeder_of, order_book
from market.queries.set_points import set_points_from_outcomes

logger = logging.getLogger(__name__)


class GateStillOpen(Exception):
    """The slot may not be cleared yet: its gate closes later than `at`."""


@transaction.atomic
def clear_slot(*, slot_id: int, at: datetime) -> None:
    """Match a slot's orders once; a second call finds it cleared, or being cleared, and changes nothing.

    A clearing that the independent verifier refuses is not published: the slot falls back to the
    retailers, keeps the verifier's words and raises the alarm. Raises `GateStillOpen` before gate closure.
    """
    claimed = Slot.objects.select_for_update(of=("self",), skip_locked=True).select_related("community__feeder")
    slot = claimed.filter(pk=slot_id, status=Slot.Status.OPEN).first()
    if slot is None:
        return
    if at < slot.gate_closure:
        raise GateStillOpen(f"Slot {slot.start:%Y-%m-%d %H:%M} closes at {slot.gate_closure:%H:%M} UTC.")
    feeder = feeder_of(slot.community)
    book = order_book(slot, feeder.root)
    try:
        clearing = clear(book, feeder, Rules(price=slot.price_rule, fairness=slot.fairness_rule))
        problems = verify(book, feeder, clearing)
    except ArithmeticError as error:  # the solver found no answer
        problems = [str(error)]
    if problems:
        logger.error("Slot %s was not cleared: %s", slot.pk, "; ".join(problems))
        _record_fallback(slot, book, problems, at)
    else:
        _record(slot, book, clearing, at)


def _record(slot: Slot, book: Book, clearing: Clearing, at: datetime) -> None:
    slot.status = Slot.Status.CLEARED
    slot.cleared_at = at
    slot.price_ueur_kwh = clearing.price_ueur_kwh
    slot.price_low_ueur_kwh, slot.price_high_ueur_kwh = clearing.interval or (None, None)
    slot.traded_wh, slot.import_wh, slot.export_wh = (
        clearing.energy_wh,
        clearing.import_wh,
        clearing.export_wh,
    )
    slot.welfare_neur = clearing.welfare_neur
    slot.emergency = clearing.emergency
    slot.reclears = clearing.reclears
    if clearing.reclears:
        logger.info("Slot %s was cleared %d times: AC power flow moved a limit", slot.pk, 1 + clearing.reclears)
    slot.bindings = [asdict(binding) for binding in clearing.bindings]
    slot.save()
    copy_into(
        Outcome,
        ("order_id", "slot_id", "local_wh", "retailer_wh", "curtailed_wh", "lost_neur", "reason", "facts"),
        (
            (f.order_id, slot.pk, f.local_wh, f.retailer_wh, f.curtailed_wh, 0, str(f.reason), Jsonb(f.facts))
            for f in clearing.fills
        ),
    )
    orders = {order.id: order for order in book.orders}
    traded = [(orders[fill.order_id], fill.local_wh) for fill in clearing.fills if fill.local_wh]
    copy_into(
        Trade,
        ("order_id", "slot_id", "household_id", "side", "energy_wh", "price_ueur_kwh", "distance_ueur_kwh"),
        (
            (order.id, slot.pk, order.household_id, str(order.side), energy_wh, clearing.price_ueur_kwh, 0)
            for order, energy_wh in traded
        ),
    )
    set_points_from_outcomes(slot.pk)
    _curtail(slot, book, clearing)


def _curtail(slot: Slot, book: Book, clearing: Clearing) -> None:
    """Ask the panels of a home to hold back what the grid cannot take (a last resort)."""
    orders = {order.id: order for order in book.orders}
    held_back = {
        orders[fill.order_id].household_id: fill.curtailed_wh
        for fill in clearing.fills
        if fill.curtailed_wh and orders[fill.order_id].kind is Kind.FIRM
    }
    if not held_back:
        return
    panels = Device.objects.filter(household__in=held_back, kind=Device.Kind.PV, retired_at__isnull=True).order_by(
        "household_id", "pk"
    )
    first_of = {device.household_id: device for device in reversed(panels)}
    SetPoint.objects.bulk_create(
        [
            SetPoint(slot=slot, device=device, base_wh=0, energy_wh=held_back[home])
            for home, device in first_of.items()
        ]
    )


def _record_fallback(slot: Slot, book: Book, problems: list[str], at: datetime) -> None:
    """Retailer only: firm energy meets each home's retailer, devices keep to their own use."""
    slot.status = Slot.Status.FALLBACK
    slot.cleared_at = at
    slot.problems = problems
    slot.save()
    Outcome.objects.bulk_create(
        [
            Outcome(
                order_id=order.id,
                slot=slot,
                local_wh=0,
                retailer_wh=order.energy_wh if order.kind == Kind.FIRM else 0,
                reason="fallback",
                facts={},
            )
            for order in book.orders
        ]
    )
    set_points_from_outcomes(slot.pk)
