"""The market's day in words: what a kWh costs, when it will be cheap, and what was on offer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.addresses import slot_address
from market.charts.shapes import ChartSlot
from market.cheapest import Source
from market.models import Slot
from market.queries.market_day import MarketSlot
from market.queries.slot import BookRow
from market.queries.street import Shared
from market.wording.home import price_span
from market.wording.street import Figure, shared_figure
from market.wording.when import moment, source


@dataclass(frozen=True, slots=True)
class BookLine:
    """Orders of one side between two prices, in a sentence; `mine` marks the reader's own among them."""

    side: str
    text: str
    mine: bool


@dataclass(frozen=True, slots=True)
class PriceHour:
    """An hour of the table: mean prices in µ€/kWh, and how the hour's price is known."""

    start: datetime
    price_ueur_kwh: int | None
    feed_in_ueur_kwh: int | None
    retail_ueur_kwh: int | None
    known: str


def now_sentence(today: Sequence[MarketSlot], at: datetime) -> SafeString | str:
    """What a kWh costs between neighbours now."""
    return _running(next((slot for slot in today if slot.start <= at < slot.end), None))


def ahead_sentence(today: Sequence[MarketSlot], tomorrow: Sequence[MarketSlot], at: datetime) -> SafeString | str:
    """When a kWh is expected to cost least until the end of tomorrow; nothing where that is not known."""
    coming = [
        hour for hour in by_hour([*today, *tomorrow]) if hour.start >= at and hour.price_ueur_kwh is not None
    ]
    if not coming:
        return ""
    best = min(coming, key=lambda hour: (hour.price_ueur_kwh, hour.start))
    given = {"when": _nowrap(moment(best.start, at)), "price": _nowrap(_price(best.price_ueur_kwh))}
    return format_html(_("The cheapest hour ahead begins at {when}: about {price}."), **given)


def _running(slot: MarketSlot | None) -> str:
    if slot is not None and slot.status == Slot.Status.FALLBACK:
        return _("Right now there is no market: everybody is with their retailer.")
    if slot is None or slot.expected or slot.price_ueur_kwh is None:
        if slot is None or slot.retail_ueur_kwh is None:
            return _("Nothing changes hands just now.")
        charged = _nowrap(figures.price(slot.retail_ueur_kwh))
        return format_html(_("Nothing changes hands just now; your retailer charges {price}."), price=charged)
    price = _nowrap(figures.price(slot.price_ueur_kwh))
    return format_html(_("Right now energy costs {price} between neighbours."), price=price)


def day_sentence(slots: Sequence[MarketSlot]) -> str:
    """Between what prices a day went."""
    prices = [slot.price_ueur_kwh for slot in slots if slot.price_ueur_kwh is not None and not slot.expected]
    return price_span(prices)


def expected_sentence(slots: Sequence[MarketSlot]) -> str:
    """Between what prices a day is expected to go, and which of its hours are the cheapest and the dearest."""
    hours = [hour for hour in by_hour(slots) if hour.price_ueur_kwh is not None]
    if not hours:
        return _(
            "Nothing is known of the prices yet: they need your contract, or a day on which the street traded."
        )
    low, high = (pick(hours, key=lambda hour: hour.price_ueur_kwh or 0) for pick in (min, max))
    if low.price_ueur_kwh == high.price_ueur_kwh:
        return _("About %(price)s is expected all day long.") % {"price": _price(low.price_ueur_kwh)}
    words = _("Cheapest from %(low_at)s, at about %(low)s; dearest from %(high_at)s, at about %(high)s.")
    given = {"low": _price(low.price_ueur_kwh), "low_at": figures.clock(low.start)}
    return words % {**given, "high": _price(high.price_ueur_kwh), "high_at": figures.clock(high.start)}


def numbers(slots: Sequence[MarketSlot], tomorrow: Sequence[MarketSlot], traded: Shared | None) -> list[Figure]:
    """The day's lowest and highest price so far, what changed hands (None: untold), tomorrow's best hour."""
    priced = [slot for slot in slots if slot.price_ueur_kwh is not None and not slot.expected]
    found = []
    for label, pick in ((_("Lowest price"), min), (_("Highest price"), max)):
        slot = pick(priced, key=lambda one: one.price_ueur_kwh or 0, default=None)
        value = "—" if slot is None else _price(slot.price_ueur_kwh)
        found.append(Figure(label, value, "" if slot is None else figures.span(slot.start, slot.end)))
    if traded is not None:
        found.append(shared_figure(traded))
    hours = [hour for hour in by_hour(tomorrow) if hour.price_ueur_kwh is not None]
    if hours:
        best = min(hours, key=lambda hour: (hour.price_ueur_kwh, hour.start))
        note = _("expected from %(time)s") % {"time": figures.clock(best.start)}
        found.append(Figure(_("Tomorrow's lowest"), _price(best.price_ueur_kwh), note))
    return found


def chart_slots(slots: Sequence[MarketSlot], keep: dict[str, str]) -> list[ChartSlot]:
    """The day as the chart draws it; a slot that was cleared leads to its page."""
    return [
        ChartSlot(
            start=timezone.localtime(slot.start),
            feed_in_ueur_kwh=slot.feed_in_ueur_kwh,
            retail_ueur_kwh=slot.retail_ueur_kwh,
            price_ueur_kwh=slot.price_ueur_kwh,
            planned=slot.expected,
            address=slot_address(slot.start, keep) if slot.status and not slot.expected else "",
            hint=figures.span(slot.start, slot.end),
        )
        for slot in slots
    ]


def by_hour(slots: Sequence[MarketSlot]) -> list[PriceHour]:
    """The slots hour by hour."""
    found = []
    for start, group in groupby(slots, key=lambda slot: slot.start.replace(minute=0)):
        hour = list(group)
        kinds = [slot.source for slot in hour if slot.price_ueur_kwh is not None]
        least_sure = max(kinds, key=list(Source).index, default=None)
        found.append(
            PriceHour(
                start,
                _mean([slot.price_ueur_kwh for slot in hour]),
                _mean([slot.feed_in_ueur_kwh for slot in hour]),
                _mean([slot.retail_ueur_kwh for slot in hour]),
                source(least_sure) if least_sure else "",
            )
        )
    return found


def _mean(prices: Sequence[int | None]) -> int | None:
    known = [price for price in prices if price is not None]
    return sum(known) // len(known) if known else None


def book_lines(rows: Sequence[BookRow]) -> list[BookLine]:
    """Who asked what, in sentences, sellers from the cheapest and buyers from the most willing."""
    return [BookLine(row.side, _book_line(row), row.mine) for row in rows]


def _book_line(row: BookRow) -> str:
    """A sum or a price of few would tell of each."""
    selling = row.side == "sell"
    if row.energy_wh is None:
        return _("Fewer than five homes were selling.") if selling else _("Fewer than five homes were buying.")
    if row.local_wh is None:
        return _asked_only(row)
    words = (
        ngettext(
            "%(homes)d home asks %(price)s for %(asked)s: %(traded)s went to neighbours.",
            "%(homes)d homes ask %(price)s for %(asked)s: %(traded)s went to neighbours.",
            row.homes,
        )
        if selling
        else ngettext(
            "%(homes)d home would pay %(price)s for %(asked)s: %(traded)s came from neighbours.",
            "%(homes)d homes would pay %(price)s for %(asked)s: %(traded)s came from neighbours.",
            row.homes,
        )
    )
    given = {"homes": row.homes, "price": _asked(row)}
    return words % {**given, "asked": figures.kwh(row.energy_wh), "traded": figures.kwh(row.local_wh)}


def _asked_only(row: BookRow) -> str:
    """Of what changed hands nothing: on one side there were too few homes."""
    words = (
        ngettext(
            "%(homes)d home asks %(price)s for %(asked)s.",
            "%(homes)d homes ask %(price)s for %(asked)s.",
            row.homes,
        )
        if row.side == "sell"
        else ngettext(
            "%(homes)d home would pay %(price)s for %(asked)s.",
            "%(homes)d homes would pay %(price)s for %(asked)s.",
            row.homes,
        )
    )
    return words % {"homes": row.homes, "price": _asked(row), "asked": figures.kwh(row.energy_wh or 0)}


def _asked(row: BookRow) -> str:
    low, high = figures.price(row.low_ueur_kwh), figures.price(row.high_ueur_kwh)
    if low != high:
        return _("between %(low)s and %(high)s") % {"low": low, "high": high}
    return (_("at least %(price)s") if row.side == "sell" else _("up to %(price)s")) % {"price": low}


def gate(slot: Slot | None) -> str:
    """Until when orders are taken for which slot."""
    if slot is None:
        return _(
            "No orders are being taken just now: the market opens its slots by itself, some time before each."
        )
    given = {"slot": figures.span(slot.start, slot.end), "time": figures.clock(slot.gate_closure)}
    return _("For %(slot)s orders are taken until %(time)s; nobody sees them before.") % given


def _price(price_ueur_kwh: int | None) -> str:
    return figures.price(price_ueur_kwh or 0)


def _nowrap(text: str) -> SafeString:
    return format_html('<span class="nowrap">{}</span>', text)
