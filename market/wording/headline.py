"""The sentence that a home page says first, with the figures inside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.queries.day import DaySlot


@dataclass(frozen=True, slots=True)
class DayTotals:
    """A home's day in sums: Wh, n€ against the retailer, and the mean µ€/kWh that a sale brought the home."""

    sold_wh: int
    bought_wh: int
    sale_price_ueur_kwh: int | None
    saving_neur: int
    homes: int

    @classmethod
    def of(cls, slots: Sequence[DaySlot], homes: int) -> "DayTotals":
        """Add up the slots of a day; `homes` is how many neighbours took what was sold."""
        sold = sum(slot.sold_wh for slot in slots)
        worth = sum(slot.earned_neur for slot in slots)
        return cls(
            sold_wh=sold,
            bought_wh=sum(slot.bought_wh for slot in slots),
            sale_price_ueur_kwh=worth // sold if sold else None,
            saving_neur=sum(slot.saving_neur or 0 for slot in slots),
            homes=homes,
        )


def sentence(totals: DayTotals, day: date, today: date) -> SafeString:
    """ "Today you have sold 3.2 kWh to 4 neighbours at 0.112 €/kWh and bought 1.1 kWh. You gain 0.41 €…" """
    return format_html("{} {}", _trading(totals, day, today), _gain(totals, day == today))


def neighbours(count: int) -> str:
    """ "4 neighbours", the figure kept with its word."""
    return ngettext("%(count)s neighbour", "%(count)s neighbours", count) % {"count": f"{count}"}


def _trading(totals: DayTotals, day: date, today: date) -> SafeString:
    words = _words_of_today if day == today else _words_of_past
    template = words(bool(totals.sold_wh), bool(totals.bought_wh))
    return format_html(
        template,
        when=_when(day, today),
        sold=_coloured("sold", figures.kwh(totals.sold_wh)),
        bought=_coloured("bought", figures.kwh(totals.bought_wh)),
        price=_coloured("nowrap", figures.price(totals.sale_price_ueur_kwh or 0)),
        neighbours=neighbours(totals.homes) if totals.homes else _("your neighbours"),
    )


def _words_of_today(sold: bool, bought: bool) -> str:
    if sold and bought:
        return _("Today you have sold {sold} to {neighbours} at {price} and bought {bought}.")
    if sold:
        return _("Today you have sold {sold} to {neighbours} at {price}.")
    if bought:
        return _("Today you have bought {bought} from your neighbours.")
    return _("Today you have not traded with your neighbours yet.")


def _words_of_past(sold: bool, bought: bool) -> str:
    if sold and bought:
        return _("{when} you sold {sold} to {neighbours} at {price} and bought {bought}.")
    if sold:
        return _("{when} you sold {sold} to {neighbours} at {price}.")
    if bought:
        return _("{when} you bought {bought} from your neighbours.")
    return _("{when} you did not trade with your neighbours.")


def _when(day: date, today: date) -> str | Promise:
    if day == today - timedelta(days=1):
        return _("Yesterday")
    return _("On %(day)s") % {"day": figures.day(day).replace(" ", figures.NBSP)}


def _gain(totals: DayTotals, is_today: bool) -> SafeString | str:
    """What it brought against the retailer alone; silent until something is settled."""
    cents = round(totals.saving_neur / 10**7)
    if not (totals.sold_wh or totals.bought_wh) or not cents:
        return ""
    gain = _coloured("gain nowrap", figures.euros(abs(totals.saving_neur)))
    if cents < 0:
        template = _("That is {gain} less than with your retailer alone.")
    elif is_today:
        template = _("You gain {gain} more than with your retailer alone.")
    else:
        template = _("You gained {gain} more than with your retailer alone.")
    return format_html(template, gain=gain)


def _coloured(classes: str, text: str) -> SafeString:
    return format_html('<span class="{}">{}</span>', classes, text)
