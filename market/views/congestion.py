"""The congestion log of a month: what the street's cables held back, from whom, and how evenly."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from community.access import allowed, empowered, member_of
from community.anonymity import may_see_sums
from community.datebar import DateBar, month_bar
from community.models import Community, Household, Member, What
from community.pages import page
from community.roles import Can
from community.services.audit import note_look
from community.spreadsheets import write_csv
from config import clock
from market.addresses import month_named
from market.charts.month import month_chart
from market.grid.congestion import ElementLog
from market.queries import day as day_queries
from market.queries.congestion import CongestionMonth, congestion_month
from market.queries.held_back import price_parts
from market.wording import congestion as wording
from market.wording import congestion_homes as homes_wording


@login_required
@require_safe
def congestion(request: HttpRequest, year: int | None = None, month: int | None = None) -> HttpResponse:
    """A month's log; the present one if the address names none. Residents see their own homes only."""
    member = member_of(request)
    community = member.community
    this_month = _this_month(community)
    first = this_month if year is None or month is None else month_named(year, month)
    context: dict[str, Any] = {
        "section": "community-day",
        "bar": _bar(community, first, this_month),
        "first": first,
        "to_come": first > this_month,
    }
    if first <= this_month and not may_see_sums(member):
        context |= {"withheld": True, **_homes(member, congestion_month(community, first))}
    elif first <= this_month:
        found = congestion_month(community, first)
        limits = _limits(member, found)
        context |= {
            "found": found,
            "sentence": wording.sentence(found, running=first == this_month),
            "figures": wording.month_figures(found),
            "elements": wording.element_rows(limits),
            "few": any(log.rent_neur is None for log in limits),
            "held": homes_wording.held_facts(found.told),
            "grid": wording.grid_facts(found),
            "fairness": homes_wording.fairness_meanings(found.fairness),
            "rent_rule": wording.rent_rule(community.rent_rule) if found.log.rent_neur else "",
            **_days(found, this_month),
            **_homes(member, found),
        }
    return page(request, "market/congestion.html", context)


@login_required
@require_safe
def elements_csv(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """The month's limits as CSV, in the units of the column names."""
    member = member_of(request)
    if not may_see_sums(member):
        raise PermissionDenied("Sums of too few homes are not shown.")
    found = congestion_month(member.community, month_named(year, month))
    rows = (wording.csv_element(log) for log in _limits(member, found))
    return _csv(f"azotea-limits-{year:04}-{month:02}.csv", wording.ELEMENT_COLUMNS, rows)


@login_required
@require_safe
def homes_csv(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """Every home's part of the month as CSV, for administrators."""
    admin = allowed(request, Can.SEE_MONTHS)
    found = congestion_month(admin.community, month_named(year, month))
    _note_look(admin, found)
    rows = (homes_wording.csv_home(log) for log in found.homes)
    return _csv(f"azotea-homes-{year:04}-{month:02}.csv", homes_wording.HOME_COLUMNS, rows)


def _limits(member: Member, found: CongestionMonth) -> Sequence[ElementLog]:
    """The month's limits; whoever sees homes' months sees them whole, and each home that they were looked at."""
    if empowered(member, Can.SEE_MONTHS):
        _note_look(member, found)
        return found.log.elements
    return found.limits(member.households.all())


def _csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    write_csv(response, columns, rows)
    return response


def _this_month(community: Community) -> date:
    return clock.now().astimezone(community.zone).date().replace(day=1)


def _bar(community: Community, first: date, this_month: date) -> DateBar:
    begun = day_queries.first_start(community.pk)

    def address(to: date) -> str:
        return reverse("congestion-month", args=(f"{to:%Y}", f"{to:%m}"))

    return month_bar(
        first, this_month, "", first=begun.astimezone(community.zone).date() if begun else None, address=address
    )


def _days(found: CongestionMonth, this_month: date) -> dict[str, Any]:
    """The picture of the month's days, and the congested ones in rows."""
    if not found.log.days:
        return {"chart": None, "days": []}
    count = ((found.month + timedelta(days=31)).replace(day=1) - found.month).days
    dates = [found.month + timedelta(days=i) for i in range(count)]
    rows = [(day, wording.hours(span)) for day, span in sorted(found.log.days.items())]
    return {
        "chart": month_chart([(day, found.log.days.get(day, timedelta())) for day in dates]),
        "days": rows,
        "days_say": wording.days_sentence(found.log.days),
    }


def _all_homes(admin: Member, found: CongestionMonth) -> list[homes_wording.HomeRow]:
    """What every home was held back; each can see that an administrator looked."""
    _note_look(admin, found)
    return homes_wording.home_rows(found.homes)


def _note_look(admin: Member, found: CongestionMonth) -> None:
    homes = Household.objects.filter(community=admin.community_id)
    note_look(homes, What.HELD_BACK_SEEN, at=clock.now(), by=admin, reason=f"{found.month:%Y-%m}")


def _homes(member: Member, found: CongestionMonth) -> dict[str, Any]:
    """The member's own homes in words; an administrator sees all of them in a table besides."""
    own = [home for home in member.households.order_by("pk") if found.month >= home.own_since]
    parts = price_parts(own, found.start, found.end) if own else {}
    return {
        "cards": [homes_wording.home_card(found.home(home), parts.get(home.pk, [])) for home in own],
        "sharing": homes_wording.sharing_rule(found.rule, found.cap_pct),
        "all_homes": _all_homes(member, found) if empowered(member, Can.SEE_MONTHS) else None,
    }
