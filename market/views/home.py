"""The resident's first page: one day of one home."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from community.access import homes_of, household_of, member_of, member_or_none
from community.datebar import day_bar, parse_day
from community.models import Device, Household
from community.pages import page
from community.services.announcements import unread_by
from community.tariffs import local_day, month_span
from community.wording.announcements import told
from config import clock
from market import reasons
from market.addresses import kept
from market.charts.day import day_chart
from market.charts.shapes import DayChart
from market.models import Mandate
from market.queries import acknowledgements
from market.queries import day as day_queries
from market.queries import home as home_queries
from market.queries.day import DaySlot
from market.wording import charging, day_table, headline, next_steps, step_down
from market.wording import following as following_wording
from market.wording import home as wording
from market.wording.checklist import checklist
from metering.wording.freshness import own_until_line, updated_line

RECENT = 6


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the home sold, bought and gained on a day; `?d=` names another day than today."""
    elsewhere = _other_landing(request)
    if elsewhere:
        return redirect(elsewhere)
    household = household_of(request)
    at = clock.now()
    today = at.astimezone(_zone(household)).date()
    day = parse_day(request.GET.get("d"), today)
    first, until = local_day(day, _zone(household))
    slots = day_queries.day_slots(household, first, until, at)
    keep = kept(request.GET)
    mandate = home_queries.mandate_at(household, at)
    stores = home_queries.batteries(household)
    charge = home_queries.charge_levels(stores, first, min(until, at), slots[0].end - slots[0].start)
    context = {
        "section": "home",
        "announcements": [told(one) for one in unread_by(member_of(request), at)],
        "checklist": checklist(member_of(request), at),
        "live": day == today,
        "span": (first, until),
        "minutes": household.community.slot_minutes,
        "updated": updated_line(at) if day == today else "",
        "market_address": _market_address(day, today, keep),
        "bar": day_bar(day, today, request.path, first=_first_day(household), keep=keep),
        **_story(household, slots, day, today, at, keep),
        "chart": _chart(slots, at, mandate, charge, keep),
        **_standing(household, (first, until), at, stores, mandate),
    }
    paused, expired = mandate is not None and mandate.paused, mandate is not None and mandate.expired_at(at)
    lower = None if paused or expired or day != today else home_queries.step_down(household, at)
    context["notice"] = step_down.notice(lower) or wording.notice(
        context["provisional"], paused=paused, expired=expired
    )
    return page(request, "market/home.html", context)


def _other_landing(request: HttpRequest) -> str | None:
    """Where somebody without a home of their own goes: operators to their pages, members to the street."""
    member = member_or_none(request)
    if member is None:
        return "status" if request.user.is_staff else None
    return None if homes_of(request) else "community-day"


def _market_address(day: date, today: date, keep: Mapping[str, str]) -> str:
    query = urlencode({**keep, **({"d": day.isoformat()} if day != today else {})})
    return f"{reverse('market')}?{query}" if query else reverse("market")


def _zone(household: Household) -> ZoneInfo:
    return household.community.zone


def _first_day(household: Household) -> date | None:
    start = day_queries.first_start(household.community_id)
    return start.astimezone(_zone(household)).date() if start else None


def _story(
    household: Household,
    slots: Sequence[DaySlot],
    day: date,
    today: date,
    at: datetime,
    keep: Mapping[str, str],
) -> dict[str, Any]:
    """The sentence, the chart with its table, and the trades of the day."""
    past = [slot for slot in slots if slot.start < at]
    sold_in = [slot.start for slot in past if slot.sold_wh]
    homes = day_queries.reached(household, sold_in, "buy") if sold_in else 0
    totals = headline.DayTotals.of(past, homes)
    traded = bool(totals.sold_wh or totals.bought_wh)
    counts = {} if traded else day_queries.reason_counts(household, slots[0].start, slots[-1].end)
    recent = _recent(past, only_traded=traded and day != today)
    starts = [slot.start for slot in recent]
    return {
        "sentence": headline.sentence(totals, day, today),
        "why": "" if traded else reasons.nothing_traded(counts),
        "chart_says": wording.chart_sentence(past),
        "rows": day_table.day_rows(slots, at, keep),
        "trades": wording.trade_rows(
            recent, day_queries.partners(household, starts), day_queries.outcomes(household, starts), keep
        ),
        "provisional": sum(slot.provisional for slot in slots),
    }


def _recent(past: Sequence[DaySlot], *, only_traded: bool) -> list[DaySlot]:
    """The latest cleared slots; of a day gone by only those with a trade, if there are any."""
    cleared = [slot for slot in reversed(past) if slot.status in {"cleared", "fallback"}]
    return [slot for slot in cleared if not only_traded or slot.sold_wh or slot.bought_wh][:RECENT]


def _chart(
    slots: Sequence[DaySlot],
    at: datetime,
    mandate: Mandate | None,
    charge: Mapping[datetime, float],
    keep: Mapping[str, str],
) -> DayChart:
    """The day as a picture; what is to come are the prices that the market expects, and the forecast."""
    length = slots[0].end - slots[0].start
    now = (at - slots[0].start) / length
    return day_chart(
        [wording.chart_slot(slot, at, charge.get(slot.start), keep) for slot in slots],
        now if 0 <= now < len(slots) else None,
        mandate.reserve_pct if mandate else None,
    )


def _standing(
    household: Household,
    span: tuple[datetime, datetime],
    at: datetime,
    stores: list[Device],
    mandate: Mandate | None,
) -> dict[str, Any]:
    """What holds beyond the day: the month's figures, the plan, the statement, how fresh the readings are."""
    zone = _zone(household)
    day = span[0].astimezone(zone).date()
    first, past = day.replace(day=1), span[1] <= at
    month = home_queries.month_so_far(household, *month_span(day.year, day.month, zone))
    fresh = home_queries.freshness_of(household, at)
    is_today = day == at.astimezone(zone).date()
    battery = home_queries.battery_at(stores, min(at, span[1]), since=span[0] if past else None)
    steps = home_queries.plan_steps(household, at) if is_today else None
    return {
        "figures": wording.four_numbers(month, first, battery, mandate, past=past),
        "figures_say": wording.spans(first, battery, past=past),
        "plan": None if steps is None else next_steps.plan_rows(steps, at),
        "car": charging.car_lines(steps or ()),
        "car_lacks": charging.lack_lines(steps or ()),
        "following": _following(household, at) if is_today else [],
        "statement": wording.statement_card(home_queries.latest_statement(household), month, first),
        "until": own_until_line(fresh, at),
        "empty": wording.waiting_for_readings() if fresh.own is None else None,
    }


def _following(household: Household, at: datetime) -> list[str]:
    return following_wording.following_lines(acknowledgements.following(household, at), at)
