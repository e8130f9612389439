"""A home's month in a letter: a sentence, four numbers, and how each differs from the month before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from community.models import Household
from market.queries.months import Span, months_of


@dataclass(frozen=True, slots=True)
class DigestRow:
    """One number, and what it was a month before."""

    label: str
    value: str
    change: str


@dataclass(frozen=True, slots=True)
class Digest:
    """The month of one home as its statement says it."""

    title: str
    sentence: str
    rows: tuple[DigestRow, ...]


def digest(home_id: int, month: date) -> Digest:
    """The digest of a closed month; raises LookupError if the home has none."""
    home = Household.objects.select_related("community").get(pk=home_id)
    spans = {span.first: span for span in months_of(home)}
    if month not in spans:
        raise LookupError(f"{home_id} has no {month:%Y-%m}")
    before = spans.get((month - timedelta(days=1)).replace(day=1))
    title = _("%(home)s: %(month)s in short") % {"home": home.name, "month": figures.month(month)}
    return Digest(title, _sentence(spans[month]), _rows(spans[month], before))


def _sentence(span: Span) -> str:
    _traded, sold, bought = figures.kwh_sum(span.sold_wh, span.bought_wh)
    given = {
        "sold": sold,
        "bought": bought,
        "gain": figures.euros(abs(span.saving_neur)),
        "month": figures.month_name(span.first),
    }
    if not (span.sold_wh or span.bought_wh):
        return _("In %(month)s you traded nothing with your neighbours.") % given
    if not span.bought_wh:
        traded = _("In %(month)s you sold %(sold)s to your neighbours.")
    elif not span.sold_wh:
        traded = _("In %(month)s you bought %(bought)s from your neighbours.")
    else:
        traded = _("In %(month)s you sold %(sold)s to your neighbours and bought %(bought)s from them.")
    if span.saving_neur < 0:
        came = _("That cost you %(gain)s more than your retailer alone.")
    else:
        came = _("You gained %(gain)s against your retailer alone.")
    return f"{traded} {came}" % given


def _rows(span: Span, before: Span | None) -> tuple[DigestRow, ...]:
    traded, (written, *_parts) = span.sold_wh + span.bought_wh, figures.kwh_sum(span.sold_wh, span.bought_wh)
    traded_before = None if before is None else before.sold_wh + before.bought_wh
    share, share_before = span.neighbour_share, before.neighbour_share if before else None
    return (
        DigestRow(
            _("Gain"),
            figures.euros(span.saving_neur, signed=True),
            _against(span.saving_neur, before.saving_neur if before else None, figures.euros),
        ),
        DigestRow(_("With your neighbours"), written, _against(traded, traded_before, figures.kwh)),
        DigestRow(
            _("Taken from the grid"),
            figures.kwh(span.import_wh),
            _against(span.import_wh, before.import_wh if before else None, figures.kwh),
        ),
        DigestRow(
            _("Supplied by neighbours"),
            "—" if share is None else figures.percent(share),
            "" if share is None else _against(round(share), share_before, _points),
        ),
    )


def _points(value: int) -> str:
    return ngettext("%(n)d point", "%(n)d points", value) % {"n": value}


def _against(now: int, before: float | None, said: Callable[[int], str]) -> str:
    """How much more or less than a month before."""
    if before is None:
        return _("nothing to compare with yet")
    difference = now - round(before)
    if not difference:
        return _("as in the month before")
    words = (
        _("%(amount)s more than the month before")
        if difference > 0
        else _("%(amount)s less than the month before")
    )
    return words % {"amount": said(abs(difference))}
