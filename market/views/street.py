"""The community's day, for every member, in sums only."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from community.access import member_of
from community.anonymity import may_see_sums
from community.datebar import day_bar, parse_day
from community.models import Community
from community.pages import page
from community.services.announcements import unread_by
from community.tariffs import local_day, slots_of
from community.wording.announcements import told
from config import clock
from market.charts.day import day_chart
from market.charts.shapes import ChartSlot, DayChart
from market.grid import Envelope
from market.queries import day as day_queries
from market.queries import street as queries
from market.queries.envelopes import street_envelopes
from market.queries.street import StreetSlot
from market.wording import street as wording
from market.wording.checklist import checklist
from metering.wording.freshness import updated_line


@login_required
@require_safe
def street(request: HttpRequest) -> HttpResponse:
    """Prices, energy and congestion of the street on a day; `?d=` names another than today."""
    member = member_of(request)
    community = member.community
    zone = community.zone
    at = clock.now()
    today = at.astimezone(zone).date()
    day = parse_day(request.GET.get("d"), today)
    first, until = local_day(day, zone)
    always = {
        "section": "community-day",
        "day": day,
        "rights": _rights(request, community),
        "announcements": [told(one) for one in unread_by(member, at)],
        "checklist": checklist(member, at),
    }
    if not may_see_sums(member):
        return page(request, "market/street.html", {**always, "withheld": True})
    slots = queries.street_slots(community, first, until)
    past = [slot for slot in slots if slot.start <= at and slot.status != "open"]
    begun = day_queries.first_start(community.pk)
    homes = queries.homes_that_traded(slots)
    context = {
        **always,
        "span": (first, until),
        "live": day == today,
        "updated": updated_line(at) if day == today else "",
        "bar": day_bar(day, today, request.path, first=begun.astimezone(zone).date() if begun else None),
        "sentence": wording.sentence(past, homes, is_today=day == today),
        "figures": wording.figures_of(past, over=day < today),
        "chart": _chart(community, first, until, past, at) if past else None,
        "says": wording.chart_sentence(past, over=day < today) if past else "",
        "congestions": wording.congestion_rows(queries.congestions(past)),
        "troubles": wording.troubles(past),
        "hours": wording.hours(past, over=day < today),
    }
    return page(request, "market/street.html", context)


def _rights(request: HttpRequest, community: Community) -> list[tuple[str, Envelope]]:
    """What the street guarantees each of the member's homes."""
    found = street_envelopes(community)
    homes = member_of(request).households.order_by("pk")
    return [(home.name, found[home.pk]) for home in homes if home.pk in found]


def _chart(
    community: Community, first: datetime, until: datetime, past: Sequence[StreetSlot], at: datetime
) -> DayChart:
    """The whole day; what has not happened yet stays empty."""
    band = queries.price_band(community, first, until)
    known = {slot.start: slot for slot in past}
    length = timedelta(minutes=community.slot_minutes)
    now = (at - first) / length
    starts = slots_of(first, until, community.slot_minutes)
    return day_chart(
        [_shape(start, known.get(start), band.get(start, (None, None))) for start in starts],
        now if 0 <= now < len(starts) else None,
    )


def _shape(start: datetime, slot: StreetSlot | None, band: tuple[int | None, int | None]) -> ChartSlot:
    local = timezone.localtime(start)
    if slot is None:
        return ChartSlot(start=local, feed_in_ueur_kwh=None, retail_ueur_kwh=None)
    shared_wh = queries.shared([slot]).wh or 0  # of too few homes none is drawn
    return ChartSlot(
        start=local,
        feed_in_ueur_kwh=band[0],
        retail_ueur_kwh=band[1],
        price_ueur_kwh=slot.price_ueur_kwh,
        sold_wh=shared_wh,
        export_wh=shared_wh + slot.export_wh,
        import_wh=slot.import_wh,
    )
