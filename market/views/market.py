"""The market as a resident meets it: prices of today and tomorrow, and the orders behind one of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from community.access import homes_of, household_of, member_of
from community.anonymity import may_see_sums
from community.datebar import day_bar, parse_day
from community.models import Household
from community.pages import page
from community.tariffs import local_day
from config import clock
from market.addresses import kept, slot_address
from market.charts.day import price_chart
from market.charts.shapes import DayChart
from market.queries import day as day_queries
from market.queries import market_day as queries
from market.queries import slot as slot_queries
from market.queries.market_day import MarketSlot
from market.queries.street import Shared, shared, traded_slots
from market.wording import ladder
from market.wording import market_day as wording
from market.wording import slot_price as price_wording
from metering.wording.freshness import updated_line


@login_required
@require_safe
def market(request: HttpRequest) -> HttpResponse:
    """Prices of a day, today's with tomorrow's beside it; `?d=` names another day."""
    if not homes_of(request):
        return redirect("community-day")
    household, at = household_of(request), clock.now()
    zone, keep = household.community.zone, kept(request.GET)
    today = at.astimezone(zone).date()
    day = parse_day(request.GET.get("d"), today)
    span, following = local_day(day, zone), local_day(day + timedelta(days=1), zone)
    known = queries.market_day(household, span[0], following[1] if day == today else span[1], at)
    slots, tomorrow = ([slot for slot in known if (slot.start < span[1]) == here] for here in (True, False))
    begun = day_queries.first_start(household.community_id)
    first = max(begun.astimezone(zone).date(), household.own_since) if begun else None
    sums = may_see_sums(member_of(request))
    context: dict[str, Any] = {
        "section": "market",
        "live": day == today,
        "bar": day_bar(day, today, request.path, first=first, keep=keep),
        "updated": updated_line(at) if day == today else "",
        "days": [_day(slots, span, at, keep)],
        "figures": wording.numbers(slots, tomorrow, _traded(household, span, at) if sums else None),
        **_told(household, slots, at, keep, sums=sums),
    }
    if day == today:
        context["sentence"] = wording.now_sentence(slots, at)
        context["ahead"] = wording.ahead_sentence(slots, tomorrow, at)
        context["days"].append(_day(tomorrow, following, at, keep))
        open_slot = queries.collecting(household, at)
        context["gate"] = wording.gate(open_slot)
        if open_slot is not None:
            context["waiting"] = ladder.order_lines(slot_queries.orders_of(household, open_slot), open_slot)
    else:
        context["sentence"] = wording.day_sentence(slots)
    return page(request, "market/market.html", context)


def _traded(home: Household, span: tuple[datetime, datetime], at: datetime) -> Shared:
    """What changed hands on a day, as far as it may be told."""
    return shared(traded_slots(home.community_id, *span), over=span[1] <= at)


def _day(
    slots: Sequence[MarketSlot], span: tuple[datetime, datetime], at: datetime, keep: dict[str, str]
) -> dict[str, Any]:
    """A day's picture, its sentence and its table."""
    expected = slots[0].start > at
    return {
        "expected": expected,
        "says": wording.expected_sentence(slots) if expected else wording.day_sentence(slots),
        "chart": _chart(slots, at, keep),
        "span": span,
        "hours": wording.by_hour(slots),
    }


def _chart(slots: Sequence[MarketSlot], at: datetime, keep: dict[str, str]) -> DayChart:
    now = (at - slots[0].start) / (slots[0].end - slots[0].start)
    return price_chart(wording.chart_slots(slots, keep), now if 0 <= now < len(slots) else None)


def _told(
    household: Household, slots: Sequence[MarketSlot], at: datetime, keep: dict[str, str], *, sums: bool
) -> dict[str, Any]:
    """The orders behind one price of the day: everybody's in sums, one's own with what became of them."""
    start = queries.told_slot(slots, at)
    row = slot_queries.slot_at(household.community, start) if start else None
    if row is None:
        return {}
    return {
        "told": row,
        "told_address": slot_address(row.start, keep),
        "why": price_wording.why(row, slot_queries.totals(row), sums=sums),
        "book": wording.book_lines(slot_queries.book(row, household)),
        "own": ladder.order_lines(slot_queries.orders_of(household, row), row),
    }
