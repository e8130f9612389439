"""A home's energy over a day, a week, a month or a year, in kWh or €."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from community.access import household_of
from community.datebar import parse_day
from community.models import Household
from community.pages import page
from community.periods import Period, parse_period, period_bar
from community.spreadsheets import write_csv
from config import clock
from market.addresses import kept, slot_address
from market.queries import energy as queries
from market.queries.energy import Exchange, summed
from market.queries.own_energy import Own, equipment, own_energy
from market.wording import energy as wording
from market.wording import energy_chart
from market.wording.compared import compared, compared_with
from market.wording.energy import Known
from market.wording.energy_said import bars_said, flows_said
from market.wording.home import waiting_for_readings
from metering.completeness import freshness
from metering.wording.freshness import behind_line

UNITS = ("kwh", "eur")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address of this page asks for."""

    home: Household
    period: Period
    day: date
    today: date
    at: datetime
    unit: str
    keep: dict[str, str]


@login_required
@require_safe
def energy(request: HttpRequest) -> HttpResponse:
    """`?d=` and `?v=` name the period, `?unit=eur` shows money; today in kWh otherwise."""
    asked = _asked(request)
    begun = queries.first_settled(asked.home)
    first = begun.astimezone(asked.home.community.zone).date() if begun else None
    keep = asked.keep | ({"unit": asked.unit} if asked.unit != "kwh" else {})
    context: dict[str, Any] = {
        "section": "energy",
        "bar": period_bar(asked.period, asked.day, asked.today, request.path, first=first, keep=keep),
    }
    if begun is None:
        return page(request, "market/energy.html", context | {"empty": waiting_for_readings()})
    return page(request, "market/energy.html", context | _told(asked, begun, request))


def _told(asked: Asked, begun: datetime, request: HttpRequest) -> dict[str, Any]:
    """The sentence, the numbers, the pictures and the comparison."""
    exchanges, own, known = _known(asked, begun)
    parts = energy_chart.starts_of(asked.home, asked.period)
    start, end = asked.period.span(asked.home.community.zone)
    running = start <= asked.at < end
    before_start, before_end = asked.period.before.span(asked.home.community.zone)
    same_part = min(before_start + ((known.until or asked.at) - start), before_end) if running else before_end
    before = queries.exchanged(asked.home, asked.period.before, same_part)
    drawn = bool(known.total.measured)
    addresses = _addresses(asked, [part[0] for part in parts])
    chart = energy_chart.chart(parts, exchanges, own, known, asked.unit, asked.at, addresses) if drawn else None
    flows = energy_chart.flows(known) if asked.unit == "kwh" else []
    whole = known.only_takes or known.own_is_whole
    return {
        "until": _until(known, asked) if running else wording.until(known),
        "sentence": wording.sentence(known, asked.unit, asked.today),
        "figures": wording.numbers(known) if drawn else [],
        "units": _units(asked, request.path),
        "unit": asked.unit,
        "chart": chart,
        "gaps": wording.gaps(known),
        "says": [bars_said(chart), *wording.gaps(known)] if chart else [],
        "saved_by_own": wording.saved_by_own(known) if asked.unit == "eur" else "",
        "flows": flows,
        "flows_said": flows_said(flows, whole=whole),
        "whole": whole,
        "compared": compared(known.total, before, asked.unit) if before.measured and drawn else [],
        "compared_with": compared_with(asked.period, running=running, before=before, today=asked.today),
        "csv": _csv_address(asked),
        "view": asked.period.view,
    }


def _until(known: Known, asked: Asked) -> str:
    """Until when a running period is told, and how many of the street's meters lack: its figures may change."""
    behind = behind_line(freshness(asked.home.community_id, asked.at))
    return "; ".join(part for part in (wording.until(known), behind) if part)


def _known(asked: Asked, begun: datetime) -> tuple[dict[datetime, Exchange], dict[datetime, Own], Known]:
    """What the database knows of the period, by its parts and altogether."""
    home, period = asked.home, asked.period
    start, end = period.span(home.community.zone)
    exchanges = queries.exchanges(home, period)
    devices = equipment(home)
    own = own_energy(home, period, devices.stores)
    total = summed(exchanges.values())
    until = queries.settled_until(home, start, end)
    length = timedelta(minutes=home.community.slot_minutes)
    expected = max((min(end, asked.at) - max(start, begun)) // length, 0)
    known = Known(period, total, sum(own.values(), Own()), devices, until, expected - total.slots)
    return exchanges, own, known


def _asked(request: HttpRequest) -> Asked:
    home, at = household_of(request), clock.now()
    today = at.astimezone(home.community.zone).date()
    unit = request.GET.get("unit", "")
    return Asked(
        home=home,
        period=parse_period(request.GET, today),
        day=parse_day(request.GET.get("d"), today),
        today=today,
        at=at,
        unit=unit if unit in UNITS else "kwh",
        keep=kept(request.GET),
    )


def _query(asked: Asked, **more: str) -> dict[str, str]:
    """What an address of the same period carries."""
    view = {} if asked.period.view == "day" else {"v": asked.period.view}
    day = {"d": asked.day.isoformat()} if asked.day != asked.today else {}
    return {**asked.keep, **view, **day, **more}


def _units(asked: Asked, path: str) -> list[dict[str, Any]]:
    """kWh and €, each with its address."""
    found = []
    for unit, label in zip(UNITS, ("kWh", "€"), strict=True):
        query = urlencode(_query(asked, **({} if unit == "kwh" else {"unit": unit})))
        found.append(
            {"label": label, "address": f"{path}?{query}" if query else path, "current": unit == asked.unit}
        )
    return found


def _addresses(asked: Asked, starts: list[datetime]) -> dict[datetime, str]:
    """Where a part of the period is shown closer: a slot's page, a day, a month."""
    if asked.period.view == "day":
        return {start: slot_address(start, asked.keep) for start in starts}
    zone, path = asked.home.community.zone, reverse("energy")
    same = {**asked.keep, **({"v": "month"} if asked.period.view == "year" else {})}
    same |= {"unit": asked.unit} if asked.unit != "kwh" else {}
    return {
        start: f"{path}?{urlencode({**same, 'd': start.astimezone(zone).date().isoformat()})}" for start in starts
    }


def _csv_address(asked: Asked) -> str:
    return f"{reverse('energy-csv')}?{urlencode(_query(asked))}"


@login_required
@require_safe
def energy_csv(request: HttpRequest) -> HttpResponse:
    """The period's parts as CSV: plain numbers in the units of the column names, empty where nothing is known."""
    asked = _asked(request)
    exchanges = queries.exchanges(asked.home, asked.period)
    own = own_energy(asked.home, asked.period, equipment(asked.home).stores)
    parts: Mapping[datetime, datetime] = dict(energy_chart.starts_of(asked.home, asked.period))
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"azotea-{asked.period.view}-{asked.period.first}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    rows = (wording.csv_row(start, parts[start], one, own.get(start)) for start, one in sorted(exchanges.items()))
    write_csv(response, wording.CSV_COLUMNS, rows)
    return response
