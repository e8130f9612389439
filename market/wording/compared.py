"""A period's energy or money against that of the period before, so that what is written adds up."""

from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext as _

from community import figures
from community.figures import as_written, kwh_as_written, kwh_decimals
from community.periods import Period, title
from market.queries.energy import Exchange

CENT_NEUR = 10**7
MONEY = ("paid_retailer_neur", "from_retailer_neur", "paid_neighbours_neur", "earned_neur", "other_neur")


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of the comparison: now, before, and the difference."""

    label: str
    now: str
    before: str
    change: str


def in_cents(exchange: Exchange) -> Exchange:
    """The same in whole cents, as it is written: sums and the balance are those of what is read."""
    return replace(exchange, **{name: as_written(getattr(exchange, name), CENT_NEUR) for name in MONEY})


def compared(now: Exchange, before: Exchange, unit: str) -> list[Compared]:
    """The period against the one before it."""
    if unit == "eur":
        now, before = in_cents(now), in_cents(before)
        rows = [
            (_("Paid to your retailer"), now.paid_retailer_neur, before.paid_retailer_neur),
            (_("Paid to neighbours"), now.paid_neighbours_neur, before.paid_neighbours_neur),
            (_("Received from neighbours"), now.earned_neur, before.earned_neur),
            (_("Received from your retailer"), now.from_retailer_neur, before.from_retailer_neur),
        ]
        if now.other_neur or before.other_neur:
            rows.append((_("From the common pool, less shortfalls"), now.other_neur, before.other_neur))
        rows.append((_("Balance"), now.balance_neur, before.balance_neur))
        return [_money(*row) for row in rows]
    rows = [
        (_("From the grid"), now.from_grid_wh, before.from_grid_wh),
        (_("From neighbours"), now.from_neighbours_wh, before.from_neighbours_wh),
        (_("To neighbours"), now.to_neighbours_wh, before.to_neighbours_wh),
        (_("To the grid"), now.to_grid_wh, before.to_grid_wh),
    ]
    return [_energy(*row) for row in rows]


def _money(label: str, now_neur: int, before_neur: int) -> Compared:
    change = figures.euros(now_neur - before_neur, signed=True)
    return Compared(label, figures.euros(now_neur), figures.euros(before_neur), change)


def _energy(label: str, now_wh: int, before_wh: int) -> Compared:
    change_wh = kwh_as_written(now_wh) - kwh_as_written(before_wh)
    change = f"{'+' if change_wh > 0 else ''}{figures.kwh(change_wh, kwh_decimals(now_wh, before_wh))}"
    return Compared(label, figures.kwh(now_wh), figures.kwh(before_wh), change)


def compared_with(period: Period, *, running: bool, before: Exchange, today: date) -> str:
    """Against what the comparison is."""
    if not before.measured:
        return _("Of the period before nothing is known.")
    said = {"before": title(period.before, today)}
    if running:
        return _("Against the same part of the period before: %(before)s.") % said
    return _("Against the whole period before: %(before)s.") % said
