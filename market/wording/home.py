"""A home's day in words: the four numbers, the chart's sentence, the rows of trades, the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market import reasons
from market.addresses import slot_address
from market.charts.shapes import ChartSlot
from market.models import Mandate, Outcome, Statement
from market.queries.day import DaySlot
from market.queries.home import BatteryNow, MonthSoFar
from market.wording.mandate import resting


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the four numbers."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """A slot of the day, or a step of the plan; `amount_neur` is what neighbours pay (+) or get (−)."""

    start: datetime
    end: datetime
    title: str
    note: str
    amount_neur: int | None = None
    address: str = ""
    why_label: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class StatementCard:
    """The newest closed month, or the running one."""

    title: str
    badge: str
    amount: str
    text: str


def four_numbers(
    month: MonthSoFar, first: date, battery: BatteryNow | None, mandate: Mandate | None, *, past: bool = False
) -> list[Figure]:
    """Gain of the month, self-sufficiency, energy with neighbours, and the battery or what comes nearest.

    Of a `past` day the battery's level is that of the day's end, to which today's reserve says nothing.
    """
    traded, sold, bought = figures.kwh_sum(month.sold_wh, month.bought_wh)
    return [
        Figure(
            _("Gain in %(month)s") % {"month": figures.month_name(first)},
            figures.euros(month.saving_neur, signed=True),
            _("against your retailer alone"),
        ),
        _independence(month),
        Figure(
            _("With your neighbours"),
            traded,
            _("%(sold)s sold, %(bought)s bought") % {"sold": sold, "bought": bought},
        ),
        _store(month, battery, None if past else mandate, past=past),
    ]


def spans(first: date, battery: BatteryNow | None, *, past: bool) -> str:
    """Of what time the four numbers tell."""
    month = {"month": figures.month(first)}
    if battery is None:
        return _("These are the figures of the month: %(month)s.") % month
    if past:
        return _("These are the figures of the month, %(month)s; the battery’s is of this day’s end.") % month
    return _("These are the figures of the month, %(month)s; the battery’s is of now.") % month


def _independence(month: MonthSoFar) -> Figure:
    """Self-sufficiency where the roof is metered; elsewhere what neighbours cover of the home's need."""
    if month.own.self_sufficiency_pct is not None:
        note = _("of what you used came from your own roof")
        return Figure(_("Self-sufficiency"), figures.percent(month.own.self_sufficiency_pct), note)
    note = _("of what you took from the grid")
    return Figure(_("Supplied by neighbours"), _percent_or_dash(month.neighbours_pct), note)


def _store(month: MonthSoFar, battery: BatteryNow | None, mandate: Mandate | None, *, past: bool) -> Figure:
    if battery is not None:
        note = _("reported at %(time)s") % {"time": figures.clock(battery.reported_at)}
        if past:
            note = _("at the end of this day")
        if mandate is not None:
            note = _("your reserve is %(reserve)s") % {"reserve": figures.percent(mandate.reserve_pct)}
        return Figure(_("Battery"), figures.percent(battery.soc_pct), note)
    if month.export_wh:
        note = _("of your surplus went to neighbours")
        return Figure(_("Shared with neighbours"), _percent_or_dash(month.given_pct), note)
    note = _("neighbours and retailer together")
    return Figure(_("Taken from the grid"), figures.kwh(month.import_wh), note)


def _percent_or_dash(value: float | None) -> str:
    return "—" if value is None else figures.percent(value)


def chart_sentence(slots: Sequence[DaySlot]) -> str:
    """What the picture shows, for those who do not see it."""
    prices = [slot.price_ueur_kwh for slot in slots if slot.price_ueur_kwh is not None]
    given = sum(slot.export_wh or 0 for slot in slots)
    taken = sum(slot.import_wh or 0 for slot in slots)
    # Of what was cleared and is not metered yet nobody knows what was given in all.
    sold = sum(slot.sold_wh for slot in slots if slot.export_wh is not None)
    bought = sum(slot.bought_wh for slot in slots if slot.import_wh is not None)
    words = [price_span(prices)]
    if given or taken:
        amounts = {name: figures.kwh(wh) for name, wh in
                   (("given", given), ("sold", sold), ("taken", taken), ("bought", bought))}  # fmt: skip
        words.append(
            _("You gave %(given)s (%(sold)s to neighbours) and took %(taken)s (%(bought)s from neighbours).")
            % amounts
        )
    return " ".join(words)


def price_span(prices: Sequence[int]) -> str:
    """Between what µ€/kWh the prices of a day lay."""
    if not prices:
        return _("The street has no price for this day yet.")
    if min(prices) == max(prices):
        return _("The street's price was %(price)s all along.") % {"price": figures.price(prices[0])}
    span = {"low": figures.price(min(prices)), "high": figures.price(max(prices))}
    return _("The street's price went from %(low)s to %(high)s.") % span


def trade_rows(
    slots: Sequence[DaySlot],
    partners: Mapping[datetime, tuple[int, int]],
    outcomes: Sequence[Outcome],
    keep: Mapping[str, str],
) -> list[Row]:
    """One row per slot, newest first: what was traded, or why nothing was; `keep` goes into addresses."""
    reasons_of: dict[datetime, Outcome] = {}
    for outcome in outcomes:
        reasons_of.setdefault(outcome.slot.start, outcome)
    return [
        _trade_row(
            slot,
            partners.get(slot.start, (0, 0)),
            reasons_of.get(slot.start),
            slot_address(slot.start, keep),
        )
        for slot in slots
    ]


def _trade_row(slot: DaySlot, partners: tuple[int, int], outcome: Outcome | None, address: str) -> Row:
    buyers, sellers = partners
    if slot.sold_wh:
        title = _("You sold %(energy)s") % {"energy": figures.energy(slot.sold_wh)}
        note = _count(ngettext("to %(count)s home", "to %(count)s homes", buyers), buyers)
    elif slot.bought_wh:
        title = _("You bought %(energy)s") % {"energy": figures.energy(slot.bought_wh)}
        note = _count(ngettext("from %(count)s home", "from %(count)s homes", sellers), sellers)
    else:
        title = _("No trade")
        note = reasons.untraded(outcome.reason) if outcome else ""
    return Row(
        start=slot.start,
        end=slot.end,
        title=title,
        note=note,
        amount_neur=slot.money_neur if slot.sold_wh or slot.bought_wh else None,
        address=address,
        why_label=_("Why? %(slot)s") % {"slot": figures.span(slot.start, slot.end)},
    )


def _count(words: str, count: int) -> str:
    return words % {"count": count} if count else ""


def statement_card(statement: Statement | None, month: MonthSoFar, first: date) -> StatementCard:
    """The newest closed month; before there is one, when the running month will close."""
    if statement is not None:
        badge = _("provisional") if statement.provisional_slots else _("closed")
        amount = figures.euros(statement.saving_neur, signed=True)
        text = _("against your retailer alone")
        title = _("Statement of %(month)s") % {"month": figures.month(statement.month)}
        return StatementCard(title, badge, amount, text)
    closes = (first + timedelta(days=31)).replace(day=1)
    return StatementCard(
        _("Statement of %(month)s") % {"month": figures.month(first)},
        _("under way"),
        figures.euros(month.saving_neur, signed=True),
        _("so far. It closes after %(day)s, once every reading is in.") % {"day": figures.day(closes)},
    )


def notice(provisional: int, *, paused: bool, expired: bool = False) -> dict[str, str] | None:
    """What must be known before the figures are believed."""
    if paused or expired:
        return {"badge": _("paused") if paused else _("expired"), "text": resting(paused=paused, expired=expired)}
    if provisional:
        text = ngettext(
            "Readings of %(count)s slot are missing or estimated; its figures may still change.",
            "Readings of %(count)s slots are missing or estimated; their figures may still change.",
            provisional,
        )
        return {"badge": _("provisional"), "text": text % {"count": provisional}}
    return None


def waiting_for_readings() -> dict[str, str]:
    """The empty page: what is missing, who must act, when to expect it."""
    return {
        "title": _("Waiting for the first readings of your meter"),
        "text": _(
            "Your gateway sends them by itself; the first ones appear here within an hour. "
            "If this page is still empty tomorrow, ask your community's administrator whether "
            "your meter is connected."
        ),
    }


def chart_slot(slot: DaySlot, at: datetime, soc_pct: float | None, keep: Mapping[str, str]) -> ChartSlot:
    """A slot as the chart draws it: measured, or what the forecast and the prices ahead suggest."""
    planned = slot.start >= at
    expected = slot.forecast_wh or 0
    price = slot.price_ueur_kwh
    if planned and price is None:
        price = slot.price_expected_ueur_kwh
    return ChartSlot(
        start=timezone.localtime(slot.start),
        feed_in_ueur_kwh=slot.feed_in_ueur_kwh,
        retail_ueur_kwh=slot.retail_ueur_kwh,
        price_ueur_kwh=price,
        sold_wh=slot.sold_wh,
        bought_wh=slot.bought_wh,
        export_wh=max(-expected, 0) if planned else slot.export_wh or 0,
        import_wh=max(expected, 0) if planned else slot.import_wh or 0,
        planned=planned,
        soc_pct=soc_pct,
        address=slot_address(slot.start, keep) if slot.status and not planned else "",
        hint=_hint(slot),
    )


def _hint(slot: DaySlot) -> str:
    """What a pointer over the chart reads; a home that traded reads its own price, not the street's."""
    parts = [figures.span(slot.start, slot.end)]
    if slot.price_ueur_kwh is not None and not (slot.sold_wh or slot.bought_wh):
        parts.append(figures.price(slot.price_ueur_kwh))
    if slot.sold_wh:
        said = {"energy": figures.kwh(slot.sold_wh), "price": figures.price(slot.earned_neur // slot.sold_wh)}
        parts.append(_("sold %(energy)s at %(price)s") % said)
    if slot.bought_wh:
        said = {"energy": figures.kwh(slot.bought_wh), "price": figures.price(slot.paid_neur // slot.bought_wh)}
        parts.append(_("bought %(energy)s at %(price)s") % said)
    return " · ".join(parts)
