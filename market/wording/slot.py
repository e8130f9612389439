"""One slot's "why" in words: the home's orders, devices and meter."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from community import figures
from community.models import device_name
from market import price_reasons, reasons
from market.models import Order, Outcome, SettledHome, Slot, Trade
from market.queries.slot import DeviceSlot
from market.wording.mandate import resting
from market.wording.why import device_why

PARTS = ("energy", "congestion", "voltage", "fee")


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order of the home and what became of it; `tone` colours the side."""

    side: str
    tone: str
    title: str
    reason: str
    badge: str


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """What a battery or charger was asked to do, and why."""

    name: str
    title: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a card: a figure and its name."""

    label: str
    value: str
    total: bool = False


def order_line(order: Order, slot: Slot) -> OrderLine:
    """An order, its outcome and the stored reason in words."""
    selling = order.side == Order.Side.SELL
    asked = {"energy": figures.energy(order.energy_wh), "price": figures.price(bound(order))}
    words = _("%(energy)s at %(price)s or more") if selling else _("%(energy)s at %(price)s or less")
    title = words % asked
    if order.device is not None:
        title = _("%(device)s: %(order)s") % {"device": order.device.called, "order": title}
    outcome = getattr(order, "outcome", None)
    return OrderLine(
        side=_("You offer") if selling else _("You want"),
        tone="sold" if selling else "bought",
        title=title,
        reason=_("Waiting for gate closure.")
        if outcome is None
        else reasons.outcome(outcome.reason, _facts(order, outcome, slot), order.side),
        badge=badge(order.energy_wh, outcome.local_wh if outcome else None),
    )


def _facts(order: Order, outcome: Outcome, slot: Slot) -> dict[str, Any]:
    """Everything stored that a reason may speak of; the price is what this side pays or gets where it is."""
    limit, price = bound(order), price_of(order, outcome, slot)
    kept = outcome.reason == "limit_not_met" and price is not None and not _refuses(order, limit, price)
    return {
        **outcome.facts,
        "energy_wh": order.energy_wh,
        "local_wh": outcome.local_wh,
        "retailer_wh": outcome.retailer_wh,
        "curtailed_wh": outcome.curtailed_wh,
        "limit_ueur_kwh": limit,
        # A price that does not show why is not named: the fee for distance, or another home's own price, is why.
        "price_ueur_kwh": None if kept else price,
        "for_distance": kept and price_reasons.by_distance(slot),
    }


def price_of(order: Order, outcome: Outcome, slot: Slot) -> int | None:
    """What the order's owner pays or gets at its trade's price; without a trade, what it would have been."""
    trade: Trade | None = getattr(order, "trade", None)
    price = trade.price_ueur_kwh if trade else slot.price_ueur_kwh
    if trade is None and "energy_ueur_kwh" in outcome.facts:
        price = sum(outcome.facts.get(f"{part}_ueur_kwh") or 0 for part in PARTS)
    if price is not None and order.side == Order.Side.SELL:
        price -= slot.grid_fee_ueur_kwh
    return price


def _refuses(order: Order, limit_ueur_kwh: int, price_ueur_kwh: int) -> bool:
    if order.side == Order.Side.SELL:
        return price_ueur_kwh < limit_ueur_kwh
    return price_ueur_kwh > limit_ueur_kwh


def bound(order: Order) -> int:
    """The limit that counted: never beyond what the home's own retailer charges or pays."""
    if order.side == Order.Side.SELL:
        return max(order.limit_ueur_kwh, order.retailer_ueur_kwh)
    return min(order.limit_ueur_kwh, order.retailer_ueur_kwh)


def badge(asked_wh: int, local_wh: int | None) -> str:
    if local_wh is None:
        return _("open")
    if local_wh == 0:
        return _("no trade")
    return _("all traded") if local_wh == asked_wh else figures.energy(local_wh)


def device_line(device: DeviceSlot) -> DeviceLine:
    """What a battery or charger was asked to do."""
    energy, why = {"energy": figures.energy(abs(device.energy_wh))}, (*_untraded(device), *device_why(device.why))
    name = device_name(device.name, device.kind)
    if device.kind == "load":
        runs = _("Was asked to run with %(energy)s.") % energy
        return DeviceLine(name, runs if device.energy_wh else _("Was asked to stay off."), why)
    if device.energy_wh > 0:
        return DeviceLine(name, _("Was asked to charge %(energy)s.") % energy, why)
    if device.energy_wh < 0:
        return DeviceLine(name, _("Was asked to give %(energy)s.") % energy, why)
    return DeviceLine(name, _("Was asked to wait."), why)


def _untraded(device: DeviceSlot) -> list[str]:
    """What a battery or charger had planned, where its orders changed it: an offer alone changes nothing."""
    base_wh = device.base_wh
    if base_wh is None or base_wh == device.energy_wh or device.kind == "load":
        return []
    said = {"energy": figures.energy(abs(base_wh)), "traded": figures.energy(abs(device.energy_wh - base_wh))}
    if base_wh > 0:
        plan = _("Without a trade it would have charged %(energy)s; its orders changed that by %(traded)s.")
    elif base_wh < 0:
        plan = _("Without a trade it would have given %(energy)s; its orders changed that by %(traded)s.")
    else:
        plan = _("Without a trade it would have waited; its orders changed that by %(traded)s.")
    return [plan % said]


def meter_facts(home: SettledHome, sold_wh: int, bought_wh: int) -> list[Fact]:
    """Traded against metered, in lines that add up: `sold_wh` and `bought_wh` are what was cleared."""
    facts: list[Fact] = []
    if home.export_wh or sold_wh:
        facts += [
            Fact(_("Cleared to sell"), figures.watt_hours(sold_wh)),
            *_settled(sold_wh, home.sold_wh, home.trueup_sold_wh),
            Fact(_("Sold to neighbours"), figures.watt_hours(home.sold_wh), total=True),
            Fact(_("Surplus left to your retailer"), figures.watt_hours(home.export_wh - home.sold_wh)),
            Fact(_("Your meter gave to the grid"), figures.watt_hours(home.export_wh), total=True),
        ]
    if home.import_wh or bought_wh:
        facts += [
            Fact(_("Cleared to buy"), figures.watt_hours(bought_wh)),
            *_settled(bought_wh, home.bought_wh, home.trueup_bought_wh),
            Fact(_("Bought from neighbours"), figures.watt_hours(home.bought_wh), total=True),
            Fact(_("Supplied by your retailer"), figures.watt_hours(home.import_wh - home.bought_wh)),
            Fact(_("Your meter took from the grid"), figures.watt_hours(home.import_wh), total=True),
        ]
    return facts or [Fact(_("Nothing flowed through your meter"), figures.watt_hours(0))]


def _settled(cleared_wh: int, counted_wh: int, added_wh: int) -> list[Fact]:
    """What lies between cleared and counted: what was not delivered on both sides, and what was added."""
    lost_wh = cleared_wh - (counted_wh - added_wh)
    between = (
        (_("Not given or not taken, by the meters"), lost_wh, figures.MINUS),
        (_("Added after metering"), added_wh, "+"),
    )
    return [Fact(label, f"{sign}{figures.watt_hours(wh)}") for label, wh, sign in between if wh]


def no_orders(slot: Slot, *, paused: bool, expired: bool = False) -> str:
    """Why the home has no order in this slot."""
    if paused or expired:
        return resting(paused=paused, expired=expired)
    if slot.status == Slot.Status.OPEN and slot.ordered_at is None:
        return _("Your agent has not written its orders for this slot yet.")
    return _("Your home expected neither surplus nor need, or your rules rule out trading in these hours.")


def no_meter(slot: Slot) -> str:
    """Why there is nothing measured yet, and when there will be."""
    if slot.status == Slot.Status.OPEN:
        return _("The slot has not been delivered yet.")
    return _("Not settled yet: every home's readings must arrive first, or a day must pass.")
