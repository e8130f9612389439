"""The cheapest start in words: what it costs, what it saves, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from community import figures
from community.figures import as_written
from market.cheapest import Source, Start
from market.queries.when import Ahead

CENT_NEUR = 10**7
CHEAP_PCT, DEAR_PCT = 90, 110
MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A possible start in the table."""

    when: str
    cost: str
    price: str
    word: str
    source: str
    best: bool


def sentence(best: Start, now: Start, at: datetime) -> SafeString:
    """ "Start at 03:15: it costs 0.41 €, 0.23 € less than starting at 18:45." """
    # Both costs are to be read beside the difference, so it is that of the cents written.
    less_neur = as_written(now.cost_neur, CENT_NEUR) - as_written(best.cost_neur, CENT_NEUR)
    given = {
        "when": format_html('<span class="nowrap">{}</span>', moment(best.start, at)),
        "cost": format_html('<span class="nowrap">{}</span>', figures.euros(best.cost_neur)),
        "less": format_html('<span class="gain nowrap">{}</span>', figures.euros(less_neur)),
        "now": moment(now.start, at),
    }
    if best.start == now.start:
        return format_html(
            _("Start at {when}, that is now: it costs {cost}, and later it costs no less."), **given
        )
    if less_neur <= 0:
        return format_html(_("Start whenever you like: it costs about {cost} at any time until then."), **given)
    return format_html(_("Start at {when}: it costs {cost}, {less} less than starting at {now}."), **given)


def moment(instant: datetime, at: datetime) -> str:
    """ "18:45", with its day if that is not today."""
    local, today = timezone.localtime(instant), timezone.localtime(at).date()
    if local.date() == today:
        return figures.clock(instant)
    return _("%(time)s on %(day)s") % {"time": figures.clock(instant), "day": figures.short_day(local.date())}


def rows(found: Sequence[Start], best: Start, at: datetime, *, by_price: bool) -> list[Row]:
    """The starts of a table: on the hour, and the best one; by time or by cost."""
    mean = sum(one.price_ueur_kwh for one in found) // len(found)
    shown = [one for one in found if timezone.localtime(one.start).minute == 0 or one == best][:MOST_ROWS]
    if by_price:
        shown.sort(key=lambda one: (one.cost_neur, one.start))
    return [
        Row(
            moment(one.start, at),
            figures.euros(one.cost_neur),
            figures.price_number(one.price_ueur_kwh),
            _word(one.price_ueur_kwh, mean),
            source(one.source),
            one == best,
        )
        for one in shown
    ]


def _word(price: int, mean: int) -> str:
    if 100 * price <= CHEAP_PCT * mean:
        return _("cheap")
    return _("dear") if 100 * price >= DEAR_PCT * mean else _("middling")


def source(kind: Source) -> str:
    """How a price is known, in a few words."""
    return {
        Source.CLEARED: _("known"),
        Source.RETAILER: _("your retailer's price"),
        Source.DAY_BEFORE: _("as the day before"),
        Source.STAND_IN: _("not published yet"),
    }[kind]


def certainty(found: Ahead, at: datetime) -> list[str]:
    """Until when prices are known, what stands in after that, and how good a guess that was lately."""
    lines = []
    if found.street_until is not None and found.street_until > at:
        words = _(
            "The street's price is known until %(time)s; later that of the same time a day before stands in."
        )
        lines.append(words % {"time": moment(found.street_until, at)})
    elif any(slot.source == Source.DAY_BEFORE for slot in found.slots):
        lines.append(_("No street price is known ahead: that of the same time a day before stands in."))
    else:
        lines.append(_("The street has no prices to go by yet, so this is what your retailer charges."))
    if found.differs_ueur_kwh is not None:
        words = _("In the last week the street's price was %(apart)s away from the day before's on average.")
        lines.append(words % {"apart": figures.price(found.differs_ueur_kwh)})
    if found.retailer_until is None:
        lines.append(_("Your retailer's prices of these hours are not published yet."))
    elif found.retailer_until < found.slots[-1].end:
        words = _("Your retailer's prices are published until %(time)s; later hours stand in by another day's.")
        lines.append(words % {"time": moment(found.retailer_until, at)})
    return lines


def own_part(best: Start) -> str:
    """How much of it the own roof is expected to give, and what that is counted at."""
    if not best.own_wh:
        return ""
    words = _(
        "%(own)s of %(all)s should come from your own roof; it is counted at what it would have brought you."
    )
    return words % {"own": figures.kwh(best.own_wh), "all": figures.kwh(best.energy_wh)}
