"""Clearing a slot at gate closure: load the book, let the core decide, record in one transaction."""

import logging
from dataclasses import asdict
from datetime import datetime

import numpy as np
from django.db import transaction
from psycopg.types.json import Jsonb

from community.copying import copy_into
from community.models import Device
from config.patience import let_think
from market.clearing import Clearing, Rules, clear, verify
from market.clearing.book import Book
from market.models import Order, Outcome, SetPoint, Slot, Trade
from market.queries.book import feeder_of, order_book
from market.queries.set_points import set_points_from_outcomes
from market.services.solvers import solver

logger = logging.getLogger(__name__)

BINDING = ("element", "kind", "phase", "side", "loading_pct", "shadow_ueur_kwh", "rent_neur")


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
    let_think()
    feeder = feeder_of(slot.community)
    book = order_book(slot, feeder)
    try:
        clearing = clear(book, feeder, Rules(price=slot.price_rule, fairness=slot.fairness_rule), solver())
        problems = verify(book, feeder, clearing)
    except ArithmeticError as error:  # the solver found no answer
        problems = [str(error)]
    if problems:
        logger.error("Slot %s was not cleared: %s", slot.pk, "; ".join(problems))
        _record_fallback(slot, book, problems, at)
    else:
        _record(slot, clearing, at)


def _record(slot: Slot, clearing: Clearing, at: datetime) -> None:
    slot.status = Slot.Status.CLEARED
    slot.cleared_at = at
    slot.price_ueur_kwh = clearing.price_ueur_kwh
    slot.price_low_ueur_kwh, slot.price_high_ueur_kwh = clearing.interval or (None, None)
    slot.traded_wh, slot.import_wh, slot.export_wh = (
        clearing.energy_wh,
        clearing.import_wh,
        clearing.export_wh,
    )
    slot.welfare_neur, slot.rent_neur = clearing.welfare_neur, clearing.rent_neur
    slot.emergency = clearing.emergency
    if clearing.emergency:
        logger.warning("Slot %s: firm energy alone breaks a limit of the street", slot.pk)
    slot.bindings = [{key: getattr(binding, key) for key in BINDING} for binding in clearing.bindings]
    _record_ac(slot, clearing)
    slot.save()
    _record_fills(slot, clearing)
    set_points_from_outcomes(slot.pk)
    _curtail(slot, clearing)


def _record_fills(slot: Slot, clearing: Clearing) -> None:
    """What became of each order, and the trades."""
    fills = clearing.fills
    copy_into(
        Outcome,
        ("order_id", "slot_id", "local_wh", "retailer_wh", "curtailed_wh", "lost_neur", "reason", "facts"),
        (
            (
                f.order_id, slot.pk, f.local_wh, f.retailer_wh, f.curtailed_wh, f.lost_neur, str(f.reason),
                Jsonb(f.facts),
            )
            for f in fills
        ),
    )  # fmt: skip
    sides = np.where(clearing.book.buys, Order.Side.BUY.value, Order.Side.SELL.value).tolist()
    rows = zip(fills, clearing.book.household.tolist(), sides, strict=True)
    copy_into(
        Trade,
        ("order_id", "slot_id", "household_id", "side", "energy_wh", "price_ueur_kwh", "distance_ueur_kwh"),
        (
            (f.order_id, slot.pk, household, side, f.local_wh, f.price_ueur_kwh, f.distance_ueur_kwh)
            for f, household, side in rows
            if f.local_wh
        ),
    )


def _record_ac(slot: Slot, clearing: Clearing) -> None:
    """How near the AC state comes to the street's limits, and which of them it moved."""
    slot.reclears = clearing.reclears
    slot.moved_limits = [asdict(moved) for moved in clearing.moved]
    if clearing.reclears:
        logger.info("Slot %s was cleared %d times: AC power flow moved a limit", slot.pk, 1 + clearing.reclears)
    margins = clearing.margins
    if margins is not None:
        hours = clearing.book.slot_minutes / 60
        slot.loss_wh = round(margins.loss_w * hours)
        slot.voltage_min_pu, slot.voltage_max_pu = margins.voltage_min_pu, margins.voltage_max_pu
        slot.loading_max_pct = margins.loading_max_pct


def _curtail(slot: Slot, clearing: Clearing) -> None:
    """Ask the panels of a home to hold back what the grid cannot take (a last resort)."""
    cut = clearing.book.firm & (clearing.curtailed_wh > 0)
    homes, energies = clearing.book.household[cut].tolist(), clearing.curtailed_wh[cut].tolist()
    held_back = dict(zip(homes, energies, strict=True))
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
    flows = np.where(book.firm, book.energy_wh, 0).tolist()
    Outcome.objects.bulk_create(
        [
            Outcome(order_id=order, slot=slot, local_wh=0, retailer_wh=flow, reason="fallback", facts={})
            for order, flow in zip(book.id.tolist(), flows, strict=True)
        ]
    )
    set_points_from_outcomes(slot.pk)
