"""Clearing a slot at gate closure: load the book, let the core decide, record in one transaction."""

import logging
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from community.models import Device
from market.clearing import Clearing, Rules, clear, verify
from market.clearing.book import Book, Kind, Side
from market.models import Outcome, SetPoint, Slot, Trade
from market.queries.book import feeder_of, order_book

logger = logging.getLogger(__name__)


class GateStillOpen(Exception):
    """The slot may not be cleared yet: its gate closes later than `at`."""


@transaction.atomic
def clear_slot(*, slot_id: int, at: datetime) -> None:
    """Match a slot's orders once; a second call finds it cleared and changes nothing.

    A clearing that the independent verifier refuses is not published: the slot falls back to the
    retailers, keeps the verifier's words and raises the alarm. Raises `GateStillOpen` before gate closure.
    """
    slot = Slot.objects.select_for_update(of=("self",)).select_related("community").get(pk=slot_id)
    if slot.status != Slot.Status.OPEN:
        return
    if at < slot.gate_closure:
        raise GateStillOpen(f"Slot {slot.start:%Y-%m-%d %H:%M} closes at {slot.gate_closure:%H:%M} UTC.")
    book = order_book(slot)
    feeder = feeder_of(slot.community)
    clearing = clear(book, feeder, Rules(price=slot.price_rule, fairness=slot.fairness_rule))
    problems = verify(book, feeder, clearing)
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
    slot.bindings = [asdict(binding) for binding in clearing.bindings]
    slot.save()
    Outcome.objects.bulk_create(
        [
            Outcome(
                order_id=fill.order_id,
                slot=slot,
                local_wh=fill.local_wh,
                retailer_wh=fill.retailer_wh,
                curtailed_wh=fill.curtailed_wh,
                reason=fill.reason,
                facts=fill.facts,
            )
            for fill in clearing.fills
        ]
    )
    orders = {order.id: order for order in book.orders}
    Trade.objects.bulk_create(
        [
            Trade(
                order_id=fill.order_id,
                slot=slot,
                household_id=orders[fill.order_id].household_id,
                side=orders[fill.order_id].side,
                energy_wh=fill.local_wh,
                price_ueur_kwh=clearing.price_ueur_kwh,
            )
            for fill in clearing.fills
            if fill.local_wh
        ]
    )
    _set_points(slot, {fill.order_id: fill.local_wh + fill.retailer_wh for fill in clearing.fills})
    _curtail(slot, book, clearing)


def _set_points(slot: Slot, flows_wh: dict[int, int]) -> None:
    """Tell each device: its own-use part, plus what its flexible orders bought, less what they sold."""
    added: dict[int, int] = defaultdict(int)
    flexible = slot.orders.filter(kind=Kind.FLEXIBLE, device__isnull=False)
    for order_id, device_id, side in flexible.values_list("pk", "device_id", "side"):
        added[device_id] += flows_wh.get(order_id, 0) * (1 if side == Side.BUY else -1)
    set_points = list(slot.set_points.all())
    for set_point in set_points:
        set_point.energy_wh = set_point.base_wh + added[set_point.device_id]
    SetPoint.objects.bulk_update(set_points, ["energy_wh"])


def _curtail(slot: Slot, book: Book, clearing: Clearing) -> None:
    """Ask the panels of a home to hold back what the grid cannot take (a last resort)."""
    orders = {order.id: order for order in book.orders}
    held_back = {
        orders[fill.order_id].household_id: fill.curtailed_wh for fill in clearing.fills if fill.curtailed_wh
    }
    if not held_back:
        return
    panels = Device.objects.filter(
        household__in=held_back, kind=Device.Kind.PV, retired_at__isnull=True
    ).order_by("household_id", "pk")
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
    _set_points(slot, {})
