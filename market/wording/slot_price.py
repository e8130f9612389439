"""A slot's price, or prices, in words: the headline, who wanted what, what one home's own price is made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from community.anonymity import hides
from market import price_reasons
from market.models import Order, Slot, Trade
from market.price_reasons import Part
from market.queries.slot import PriceRange, Totals


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Of what the price of the home's trades on one side is made."""

    title: str
    parts: tuple[Part, ...]


def sentence(slot: Slot, prices: PriceRange | None, own: Iterable[int] = ()) -> SafeString:
    """The price of the slot, or why there is none; where prices differ, the home's `own` and the range of all."""
    said = {"slot": _nowrap(figures.span(slot.start, slot.end))}
    if slot.status == Slot.Status.OPEN:
        return format_html(_("{slot}: still open, there is no price yet."), **said)
    if slot.status == Slot.Status.FALLBACK:
        return format_html(_("{slot}: no market, everybody was with their retailer."), **said)
    if slot.price_ueur_kwh is None:
        return format_html(_("{slot}: nothing changed hands, so there is no price."), **said)
    if prices is None or figures.price(prices.low_ueur_kwh) == figures.price(prices.high_ueur_kwh):
        said["price"] = _nowrap(figures.price(prices.low_ueur_kwh if prices else slot.price_ueur_kwh))
        return format_html(_("{slot}: the street's price was {price}."), **said)
    said["low"], said["high"] = (_nowrap(figures.price(x)) for x in (prices.low_ueur_kwh, prices.high_ueur_kwh))
    mine = {figures.price(price) for price in own}
    if len(mine) != 1:
        return format_html(_("{slot}: prices in the street went from {low} to {high}."), **said)
    said["price"] = _nowrap(mine.pop())
    return format_html(
        _("{slot}: your price was {price}; in the street, prices went from {low} to {high}."), **said
    )


def why(slot: Slot, totals: Totals, *, sums: bool = True) -> str:
    """Who offered and wanted how much, unless the reader may not see sums, and the rule that made the price."""
    if slot.status == Slot.Status.OPEN:
        closes = {"time": figures.clock(slot.gate_closure)}
        return _("Orders are taken until %(time)s; then the price and the reasons appear here.") % closes
    if slot.status == Slot.Status.FALLBACK:
        return _(
            "The market's result did not pass its own independent check, so it was not used. "
            "Nobody lost anything: each home dealt with its own retailer. The administrators have been told."
        )
    words = [_book_in_words(totals)] if sums else []
    if slot.traded_wh and sums and totals.tells_traded:
        words.append(_("%(energy)s changed hands.") % {"energy": figures.kwh(slot.traded_wh)})
    if slot.price_ueur_kwh is not None:
        words += [price_reasons.rule(slot), price_reasons.fees(slot)]
    return " ".join(filter(None, words))


def _book_in_words(totals: Totals) -> str:
    sellers, buyers = totals.sellers, totals.buyers
    offered = ngettext("%(count)s home offered %(energy)s", "%(count)s homes offered %(energy)s", sellers)
    wanted = ngettext("%(count)s home wanted %(energy)s", "%(count)s homes wanted %(energy)s", buyers)
    said = {
        "offered": offered % {"count": sellers, "energy": figures.kwh(totals.offered_wh)},
        "wanted": wanted % {"count": buyers, "energy": figures.kwh(totals.wanted_wh)},
    }
    # A sum of few homes would tell of each.
    said |= {} if hides(sellers) else {"offered": _("Fewer than five homes offered energy")}
    said |= {} if hides(buyers) else {"wanted": _("fewer than five homes wanted some")}
    return _("%(offered)s and %(wanted)s.") % said


def tables(orders: Sequence[Order], slot: Slot) -> list[PriceTable]:
    """Of what the home's own prices are made, each said once; empty where all pay the street's one price."""
    found: dict[PriceTable, None] = {}
    for order in orders:
        trade: Trade | None = getattr(order, "trade", None)
        if trade is None:
            continue
        parts = price_reasons.parts(trade, slot, order.outcome.facts)
        if parts:
            title = _("What you sold") if order.side == Order.Side.SELL else _("What you bought")
            found[PriceTable(title, tuple(parts))] = None
    return list(found)


def _nowrap(text: str) -> SafeString:
    return format_html('<span class="nowrap">{}</span>', text)
