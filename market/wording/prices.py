"""Published prices in words: what is known of each day, and why a file cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from community.price_files import PriceFileFault
from community.published_prices import DayKnown

SHOWN_HOURS = 4


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day, whether every hour of it is known, and which are not."""

    day: date
    complete: bool
    text: str


def days(pvpc: Sequence[DayKnown], surplus: Sequence[DayKnown]) -> list[DayRow]:
    """A row for each day, both series together."""
    rows = []
    for one, other in zip(pvpc, surplus, strict=True):
        texts = [_missing(_("PVPC"), one), _missing(_("surplus"), other)]
        rows.append(DayRow(one.day, not any(texts), " · ".join(text for text in texts if text) or _("complete")))
    return rows


def _missing(name: str, known: DayKnown) -> str:
    if not known.missing:
        return ""
    if len(known.missing) == known.hours:
        return _("%(series)s: nothing known") % {"series": name}
    hours = ", ".join(figures.clock(hour) for hour in known.missing[:SHOWN_HOURS])
    if len(known.missing) > SHOWN_HOURS:
        hours += " …"
    words = ngettext(
        "%(series)s: %(n)s hour missing (%(hours)s)",
        "%(series)s: %(n)s hours missing (%(hours)s)",
        len(known.missing),
    )
    return words % {"series": name, "n": len(known.missing), "hours": hours}


def price_fault(error: PriceFileFault) -> str:
    """Why a file cannot be read, where, and the cure; nothing of it was kept."""
    told = {"told": error.told}
    reasons = {
        "no-text": _("This is not text in UTF-8. Export the file again as JSON or CSV."),
        "no-prices": _("No price of PVPC or of surplus is in it. Choose indicator 1001 or 1739."),
        "damaged-table": _("The table is damaged. Export it again."),
        "damaged": _("The JSON breaks off or is damaged. Download it again."),
        "unknown": _("It has neither PVPC nor indicator in it. Use a day file or an indicator of ESIOS."),
        "day": _("“%(told)s” is no day. It should be like 26/11/2026.") % told,
        "hours": _("%(told)s hours are not those of this day. Download the day's file again.") % told,
        "columns": _("The columns %(told)s are missing. Export the table from ESIOS as CSV.") % told,
        "whole": _("“%(told)s” is no whole number. It should be like 1001.") % told,
        "time": _("“%(told)s” is no time with its zone. It should be like 2026-11-26T12:00:00+01:00.") % told,
        "price": _("“%(told)s” is no price in €/MWh. It should be like 123.45.") % told,
    }
    return _("Line %(where)s: %(reason)s Nothing was kept.") % {
        "where": error.where,
        "reason": reasons[error.code],
    }
