"""One slot's "why" in words: price, orders, meter and cables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market import reasons
from market.models import Order, Outcome, SettledHome, Slot, Trade
from market.queries.slot import DeviceSlot, Totals


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
    """What a battery or charger was asked to do."""

    name: str
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the meter card."""

    label: str
    value: str
    total: bool = False


def sentence(slot: Slot) -> SafeString:
    """The price of the slot, or why there is none."""
    span = format_html('<span class="nowrap">{}</span>', figures.span(slot.start, slot.end))
    if slot.status == Slot.Status.OPEN:
        return format_html(_("{slot}: still open, there is no price yet."), slot=span)
    if slot.status == Slot.Status.FALLBACK:
        return format_html(_("{slot}: no market, everybody was with their retailer."), slot=span)
    if slot.price_ueur_kwh is None:
        return format_html(_("{slot}: nothing changed hands, so there is no price."), slot=span)
    price = format_html('<span class="nowrap">{}</span>', figures.price(slot.price_ueur_kwh))
    return format_html(_("{slot}: the street's price was {price}."), slot=span, price=price)


def why(slot: Slot, totals: Totals) -> str:
    """Who offered and wanted how much, and the rule that made the price."""
    if slot.status == Slot.Status.OPEN:
        closes = {"time": figures.clock(slot.gate_closure)}
        return _("Orders are taken until %(time)s; then the price and the reasons appear here.") % closes
    if slot.status == Slot.Status.FALLBACK:
        return _(
            "The market's result did not pass its own independent check, so it was not used. "
            "Nobody lost anything: each home dealt with its own retailer. The administrators have been told."
        )
    words = [_book_in_words(totals)]
    if slot.traded_wh:
        words.append(_("%(energy)s changed hands.") % {"energy": figures.kwh(slot.traded_wh)})
    if slot.price_ueur_kwh is not None:
        words.append(reasons.price_rule(slot.price_rule, slot.price_low_ueur_kwh, slot.price_high_ueur_kwh))
    if slot.grid_fee_ueur_kwh and slot.price_ueur_kwh is not None:
        fee = {"fee": figures.price(slot.grid_fee_ueur_kwh)}
        words.append(_("The buyer's price includes a grid fee of %(fee)s; the seller gets the rest.") % fee)
    return " ".join(words)


def _book_in_words(totals: Totals) -> str:
    sellers, buyers = totals.sellers, totals.buyers
    offered = ngettext("%(count)s home offered %(energy)s", "%(count)s homes offered %(energy)s", sellers)
    wanted = ngettext("%(count)s home wanted %(energy)s", "%(count)s homes wanted %(energy)s", buyers)
    return _("%(offered)s and %(wanted)s.") % {
        "offered": offered % {"count": sellers, "energy": figures.kwh(totals.offered_wh)},
        "wanted": wanted % {"count": buyers, "energy": figures.kwh(totals.wanted_wh)},
    }


def order_line(order: Order, slot: Slot) -> OrderLine:
    """An order, its outcome and the stored reason in words."""
    selling = order.side == Order.Side.SELL
    asked = {"energy": figures.kwh(order.energy_wh), "price": figures.price(_bound(order))}
    words = _("%(energy)s at %(price)s or more") if selling else _("%(energy)s at %(price)s or less")
    title = words % asked
    if order.device is not None:
        title = _("%(device)s: %(order)s") % {"device": order.device.name, "order": title}
    outcome = getattr(order, "outcome", None)
    return OrderLine(
        side=_("You offer") if selling else _("You want"),
        tone="sold" if selling else "bought",
        title=title,
        reason=_("Waiting for gate closure.")
        if outcome is None
        else reasons.outcome(outcome.reason, _facts(order, outcome, slot), order.side),
        badge=_badge(order.energy_wh, outcome.local_wh if outcome else None),
    )


def _facts(order: Order, outcome: Outcome, slot: Slot) -> dict[str, Any]:
    """Everything stored that a reason may speak of; the price is what this side pays or gets where it is."""
    trade: Trade | None = getattr(order, "trade", None)
    price = trade.price_ueur_kwh if trade else slot.price_ueur_kwh
    if price is not None and order.side == Order.Side.SELL:
        price -= slot.grid_fee_ueur_kwh
    return {
        **outcome.facts,
        "energy_wh": order.energy_wh,
        "local_wh": outcome.local_wh,
        "retailer_wh": outcome.retailer_wh,
        "curtailed_wh": outcome.curtailed_wh,
        "limit_ueur_kwh": _bound(order),
        "price_ueur_kwh": price,
    }


def _bound(order: Order) -> int:
    """The limit that counted: never beyond what the home's own retailer charges or pays."""
    if order.side == Order.Side.SELL:
        return max(order.limit_ueur_kwh, order.retailer_ueur_kwh)
    return min(order.limit_ueur_kwh, order.retailer_ueur_kwh)


def _badge(asked_wh: int, local_wh: int | None) -> str:
    if local_wh is None:
        return _("open")
    if local_wh == 0:
        return _("no trade")
    return _("all traded") if local_wh == asked_wh else figures.kwh(local_wh)


def device_line(device: DeviceSlot) -> DeviceLine:
    """What a battery or charger was asked to do."""
    energy = {"energy": figures.kwh(abs(device.energy_wh))}
    if device.energy_wh > 0:
        return DeviceLine(device.name, _("Was asked to charge %(energy)s.") % energy)
    if device.energy_wh < 0:
        return DeviceLine(device.name, _("Was asked to give %(energy)s.") % energy)
    return DeviceLine(device.name, _("Was asked to wait."))


def meter_facts(home: SettledHome, sold_wh: int, bought_wh: int) -> list[Fact]:
    """Metered against traded: `sold_wh` and `bought_wh` are what was cleared before delivery."""
    facts: list[Fact] = []
    if home.export_wh or sold_wh:
        facts += [
            Fact(_("Cleared to sell"), figures.watt_hours(sold_wh)),
            Fact(_("Your meter gave to the grid"), figures.watt_hours(home.export_wh)),
            Fact(_("Added after metering"), figures.watt_hours(home.trueup_sold_wh)),
            Fact(_("Sold to neighbours"), figures.watt_hours(home.sold_wh), total=True),
            Fact(_("Surplus left to your retailer"), figures.watt_hours(home.export_wh - home.sold_wh)),
        ]
    if home.import_wh or bought_wh:
        facts += [
            Fact(_("Cleared to buy"), figures.watt_hours(bought_wh)),
            Fact(_("Your meter took from the grid"), figures.watt_hours(home.import_wh)),
            Fact(_("Added after metering"), figures.watt_hours(home.trueup_bought_wh)),
            Fact(_("Bought from neighbours"), figures.watt_hours(home.bought_wh), total=True),
            Fact(_("Supplied by your retailer"), figures.watt_hours(home.import_wh - home.bought_wh)),
        ]
    return facts or [Fact(_("Nothing flowed through your meter"), figures.watt_hours(0))]


def bindings(rows: Sequence[dict[str, object]]) -> list[str]:
    """The limits of the street's cables that held energy back."""
    return [reasons.binding(row) for row in rows]


def no_orders(slot: Slot, *, paused: bool) -> str:
    """Why the home has no order in this slot."""
    if paused:
        return _("Your agent is paused: it places no orders until you let it go on in “My rules”.")
    if slot.status == Slot.Status.OPEN and slot.ordered_at is None:
        return _("Your agent has not written its orders for this slot yet.")
    return _("Your home expected neither surplus nor need, or your rules rule out trading in these hours.")


def no_meter(slot: Slot) -> str:
    """Why there is nothing measured yet, and when there will be."""
    if slot.status == Slot.Status.OPEN:
        return _("The slot has not been delivered yet.")
    return _("Not settled yet: every home's readings must arrive first, or a day must pass.")


def no_bindings(slot: Slot) -> str:
    """What the cables had to say when they held nothing back."""
    if slot.status == Slot.Status.OPEN:
        return _("The cables are checked when the slot clears.")
    return _("No cable and no transformer came to its limit.")
