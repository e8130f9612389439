"""A home's orders in words, the steps of one device's ladder taken together."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.models import Order, Slot
from market.wording.slot import OrderLine, badge, bound, order_line, price_of

ON_PRICE = {"filled", "rationed", "limit_not_met"}  # reasons that the price alone explains


def order_lines(orders: Iterable[Order], slot: Slot) -> list[OrderLine]:
    """A line for each order, or for all the steps in which one device offers or wants."""
    lines: list[OrderLine] = []
    for (_side, _kind, device), steps in groupby(sorted(orders, key=_whose), key=_whose):
        own = list(steps)
        if not device or len(own) == 1 or not _by_price_alone(own):
            lines += [order_line(order, slot) for order in own]
        else:
            lines.append(_ladder(own, slot))
    return lines


def _whose(order: Order) -> tuple[str, str, int]:
    return order.side, order.kind, order.device_id or 0


def _by_price_alone(steps: Sequence[Order]) -> bool:
    """Whether all steps wait, or the price explains what became of each."""
    outcomes = [getattr(order, "outcome", None) for order in steps]
    if not any(outcomes):
        return True
    return all(outcome is not None and outcome.reason in ON_PRICE for outcome in outcomes)


def _ladder(steps: Sequence[Order], slot: Slot) -> OrderLine:
    selling = steps[0].side == Order.Side.SELL
    asked_wh, limits = sum(order.energy_wh for order in steps), [bound(order) for order in steps]
    low, high = figures.price(min(limits)), figures.price(max(limits))
    said = {"energy": figures.energy(asked_wh), "price": low, "low": low, "high": high, "count": len(steps)}
    if low == high:
        words = _("%(energy)s at %(price)s or more") if selling else _("%(energy)s at %(price)s or less")
    else:
        words = ngettext(
            "%(energy)s in %(count)s step from %(low)s to %(high)s",
            "%(energy)s in %(count)s steps from %(low)s to %(high)s",
            len(steps),
        )
    device = steps[0].device
    title = _("%(device)s: %(order)s") % {"device": device.called if device else "", "order": words % said}
    outcomes = [getattr(order, "outcome", None) for order in steps]
    local_wh = None if None in outcomes else sum(outcome.local_wh for outcome in outcomes if outcome)
    return OrderLine(
        side=_("You offer") if selling else _("You want"),
        tone="sold" if selling else "bought",
        title=title,
        reason=_("Waiting for gate closure.")
        if local_wh is None
        else _became(steps, slot, local_wh, selling=selling),
        badge=badge(asked_wh, local_wh),
    )


def _became(steps: Sequence[Order], slot: Slot, local_wh: int, *, selling: bool) -> str:
    """How much of the ladder the price let through."""
    price_ueur_kwh = next(
        (price_of(order, order.outcome, slot) for order in steps if order.outcome.local_wh),
        price_of(steps[0], steps[0].outcome, slot),
    )
    if price_ueur_kwh is None:
        return _("Nobody traded in this slot.")
    said = {"local": figures.energy(local_wh), "price": figures.price(price_ueur_kwh)}
    if not local_wh:
        words = (
            _("The street paid %(price)s, less than any step asked for.") if selling
            else _("The street paid %(price)s, more than any step would.")
        )  # fmt: skip
        return words % said
    if local_wh == sum(order.energy_wh for order in steps):
        words = (
            _("All of it went to neighbours at %(price)s.") if selling
            else _("All of it came from neighbours at %(price)s.")
        )  # fmt: skip
        return words % said
    words = (
        _("%(local)s went to neighbours at %(price)s; the other steps asked for more.") if selling
        else _("%(local)s came from neighbours at %(price)s; the other steps would pay less.")
    )  # fmt: skip
    return words % said
