"""The pictures of a home's energy as tables: a column a series, a row a part of the period, a dash a gap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from community import figures
from community.models import Household
from community.periods import Period
from community.tariffs import local_day, month_span, slots_of
from market.queries.energy import Exchange
from market.queries.own_energy import Own
from market.wording.energy import Known

NEVER = Exchange()


@dataclass(frozen=True, slots=True)
class Series:
    """A column: its name, its colour by meaning, up (1) or down (−1), and in which panel."""

    label: str
    tone: str
    side: int
    panel: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure as it is written and as it is drawn; None is not known."""

    text: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A part of the period. `tick` names it on the axis, if it is one of those that are named there."""

    label: str
    address: str
    cells: tuple[Cell, ...]
    remark: str
    tick: str = ""
    minor: bool = False
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What `components/chart.html` shows; `now` counts rows, with fractions, from the left."""

    unit: str
    series: tuple[Series, ...]
    rows: tuple[Row, ...]
    now: float | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A stream of energy from one place to another."""

    source: str
    target: str
    tone: str
    energy_wh: int


def starts_of(home: Household, period: Period) -> list[tuple[datetime, datetime]]:
    """Every part of the period, `[start, end)`, those to come too."""
    zone = home.community.zone
    if period.view == "year":
        return [month_span(month.year, month.month, zone) for month in period.months]
    if period.view != "day":
        return [local_day(day, zone) for day in period.days]
    length = timedelta(minutes=home.community.slot_minutes)
    return [(start, start + length) for start in slots_of(*period.span(zone), home.community.slot_minutes)]


def chart(
    parts: Sequence[tuple[datetime, datetime]],
    exchanges: Mapping[datetime, Exchange],
    own: Mapping[datetime, Own],
    known: Known,
    unit: str,
    at: datetime,
    addresses: Mapping[datetime, str],
) -> Chart:
    """The period as rows of figures in kWh or €."""
    battery = unit == "kwh" and known.battery_is_whole
    series = _money_series() if unit == "eur" else _energy_series(with_own=known.own.slots > 0, battery=battery)
    seen: set[str] = set()
    rows = []
    for start, end in parts:
        one, mine = exchanges.get(start, NEVER), own.get(start)
        cells = _money(one) if unit == "eur" else _energy(one, mine, known, battery=battery)
        tick, minor = _tick(known.period.view, start, seen)
        rows.append(
            Row(
                label=_label(known.period.view, start, end),
                address=addresses.get(start, "") if one.slots else "",
                cells=tuple(cells),
                remark=_remark(one, ahead=start >= at),
                tick=tick,
                minor=minor,
                ahead=start >= at,
            )
        )
    now = None
    if known.period.view == "day" and parts[0][0] <= at < parts[-1][1]:
        now = round((at - parts[0][0]) / (parts[0][1] - parts[0][0]), 2)
    return Chart("€" if unit == "eur" else "kWh", series, tuple(rows), now)


def _energy_series(*, with_own: bool, battery: bool) -> tuple[Series, ...]:
    own = (Series(_("own use"), "own", 1),) if with_own else ()
    stores = (Series(_("battery gave"), "battery", 1, 1), Series(_("battery took"), "battery rest", -1, 1))
    return (
        *own,
        Series(_("to neighbours"), "sell", 1),
        Series(_("to the grid"), "sell rest", 1),
        Series(_("from neighbours"), "buy", -1),
        Series(_("from the grid"), "buy rest", -1),
        *(stores if battery else ()),
    )


def _money_series() -> tuple[Series, ...]:
    return (
        Series(_("received from neighbours"), "sell", 1),
        Series(_("received from your retailer"), "sell rest", 1),
        Series(_("paid to neighbours"), "buy", -1),
        Series(_("paid to your retailer"), "buy rest", -1),
    )


def _energy(one: Exchange, mine: Own | None, known: Known, *, battery: bool) -> list[Cell]:
    cells = []
    if known.own.slots:
        # Of a part that is measured only here and there, no bar tells.
        whole = mine is not None and mine.slots and mine.slots >= one.measured
        cells.append(_kwh(max(mine.kept_wh, 0) if mine and whole else None))
    figures_ = (one.to_neighbours_wh, one.to_grid_wh, one.from_neighbours_wh, one.from_grid_wh)
    cells += [_kwh(value if one.measured or one.taken_wh else None) for value in figures_]
    if battery:
        told = mine if mine and mine.reports else None
        cells += [_kwh(told.released_wh if told else None), _kwh(told.stored_wh if told else None)]
    return cells


def _money(one: Exchange) -> list[Cell]:
    amounts = (one.earned_neur, one.from_retailer_neur, one.paid_neighbours_neur, one.paid_retailer_neur)
    return [_euros(amount if one.measured or one.taken_wh else None) for amount in amounts]


def _kwh(energy_wh: int | None) -> Cell:
    if energy_wh is None:
        return Cell("—", None)
    value = Decimal(energy_wh) / 1_000
    return Cell(figures.number(value, 2), f"{value:f}")


def _euros(amount_neur: int | None) -> Cell:
    if amount_neur is None:
        return Cell("—", None)
    value = Decimal(amount_neur) / 10**9
    return Cell(figures.number(value, 3), f"{value:f}")


def _remark(one: Exchange, *, ahead: bool) -> str:
    if ahead:
        return ""
    if not one.slots:
        return _("nothing settled")
    if one.missing:
        return _("no readings") if not one.measured else _("readings missing")
    return _("provisional") if one.provisional else ""


def _label(view: str, start: datetime, end: datetime) -> str:
    local = timezone.localtime(start).date()
    if view == "day":
        return figures.span(start, end)
    return figures.month_name(local).capitalize() if view == "year" else figures.short_day(local)


def _tick(view: str, start: datetime, seen: set[str]) -> tuple[str, bool]:
    """What the axis says there, and whether a phone leaves it out."""
    local = timezone.localtime(start)
    if view == "day":
        text = f"{local:%H}"
        wanted = local.minute == 0 and local.hour % 3 == 0 and text not in seen
        seen.add(text)
        return (text, local.hour % 6 != 0) if wanted else ("", False)
    if view == "week":
        return figures.weekday(local.date()), False
    if view == "month":
        return (f"{local.day}", local.day % 10 != 1) if local.day % 5 == 1 and local.day < 30 else ("", False)
    return figures.short_month(local.date()), local.month % 3 != 1


def flows(known: Known) -> list[Flow]:
    """Through the home where its roof is measured, or there is none; through its meter, in and out, elsewhere."""
    total, own = (
        known.total,
        known.own if known.battery_is_whole else replace(known.own, stored_wh=0, released_wh=0),
    )
    used_wh = own.made_wh + own.released_wh + total.taken_wh - total.given_wh - own.stored_wh
    whole = (known.only_takes or known.own_is_whole) and used_wh >= 0
    home = _("your home")
    inward, outward = (home, home) if whole else (_("in through your meter"), _("out through your meter"))
    found = [
        Flow(_("from neighbours"), inward, "buy", total.from_neighbours_wh),
        Flow(_("from the grid"), inward, "buy rest", total.from_grid_wh),
        Flow(outward, _("to neighbours"), "sell", total.to_neighbours_wh),
        Flow(outward, _("to the grid"), "sell rest", total.to_grid_wh),
    ]
    if whole:
        told = known.battery_is_whole or not known.devices.stores
        found = [
            Flow(_("your roof"), home, "own", own.made_wh),
            *found,
            Flow(_("battery gave"), home, "battery", own.released_wh),
            Flow(home, _("battery took"), "battery rest", own.stored_wh),
            Flow(home, _("you used") if told else _("you used or stored"), "used", used_wh),
        ]
    return [flow for flow in found if flow.energy_wh > 0]
