"""The reason of every order's outcome, with the figures that prove it."""

from market.clearing.book import Book, Kind, Order, Side
from market.clearing.merit import asked_ueur_kwh
from market.clearing.outcome import Binding, Fill, Reason


def explain(
    book: Book,
    local_wh: dict[int, int],
    flow_wh: dict[int, int],
    price_ueur_kwh: int | None,
    bindings: tuple[Binding, ...],
) -> tuple[Fill, ...]:
    """One fill per order, by order id, from the matched and flowing Wh of each."""
    return tuple(
        _fill(book, order, local_wh[order.id], flow_wh[order.id], price_ueur_kwh, bindings)
        for order in sorted(book.orders, key=lambda order: order.id)
    )


def _fill(
    book: Book,
    order: Order,
    local_wh: int,
    flow_wh: int,
    price_ueur_kwh: int | None,
    bindings: tuple[Binding, ...],
) -> Fill:
    curtailed_wh = order.energy_wh - flow_wh if order.kind is Kind.FIRM else 0
    reason = _reason(book, order, local_wh, flow_wh, price_ueur_kwh, bindings)
    facts: dict[str, int | str | None] = {
        "price_ueur_kwh": price_ueur_kwh,
        "limit_ueur_kwh": order.bound_ueur_kwh,
    }
    if reason in {Reason.NETWORK_LIMIT, Reason.CURTAILED}:
        # A last Wh lost to rounding has no limit to blame.
        facts |= {"element": bindings[0].element, "kind": bindings[0].kind} if bindings else {}
        if order.kind is Kind.FLEXIBLE:
            curtailed_wh = order.energy_wh - flow_wh
    if reason is Reason.RATIONED:
        facts["rule"] = "pro_rata"
    return Fill(order.id, local_wh, flow_wh - local_wh, curtailed_wh, reason, facts)


def _reason(
    book: Book,
    order: Order,
    local_wh: int,
    flow_wh: int,
    price_ueur_kwh: int | None,
    bindings: tuple[Binding, ...],
) -> Reason:
    if local_wh == order.energy_wh:
        return Reason.FILLED
    if order.kind is Kind.FIRM and flow_wh < order.energy_wh:
        return Reason.CURTAILED
    if order.kind is Kind.FLEXIBLE and order.meets_retailer and flow_wh < order.energy_wh:
        return Reason.NETWORK_LIMIT  # its retailer would have served it
    if price_ueur_kwh is None:
        other = any(o.side is not order.side for o in book.orders)
        return Reason.LIMIT_NOT_MET if other else Reason.NO_COUNTERPARTY
    asked = asked_ueur_kwh(order, book.grid_fee_ueur_kwh)
    if asked == price_ueur_kwh or local_wh:
        return Reason.NETWORK_LIMIT if bindings and asked != price_ueur_kwh else Reason.RATIONED
    if (asked < price_ueur_kwh) == (order.side is Side.BUY):
        return Reason.LIMIT_NOT_MET
    return Reason.NETWORK_LIMIT if bindings else Reason.NO_COUNTERPARTY
