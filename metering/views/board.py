"""The completeness board: which meters block a month, since when, and who must act."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from community.access import admin_of
from community.datebar import month_bar, parse_month
from community.pages import page
from community.tariffs import local_day, month_span
from config import clock
from metering.completeness import completeness
from metering.models import MeteringPoint
from metering.queries import set_aside_within
from metering.wording import board as wording

# A reading may take this long to arrive before anybody is asked for it.
GRACE = timedelta(hours=1)


@login_required
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """One month of all meters, the worst first; `?m=` names the month."""
    community = admin_of(request).community
    zone = community.zone
    at = clock.now()
    today = at.astimezone(zone).date()
    month = parse_month(request.GET.get("m"), today)
    founded = community.created_at.astimezone(zone).date()
    start, end = month_span(month.year, month.month, zone)
    start = max(start, local_day(founded, zone)[0])
    end = max(start, min(end, (at - GRACE).replace(minute=0, second=0, microsecond=0)))
    points = list(
        MeteringPoint.objects.filter(household__community=community).select_related(
            "household__member__user", "household__community"
        )
    )
    aside = set_aside_within(community.pk, start, end)
    rows = wording.rows(points, completeness(points, start, end), month, end, aside)
    context = {
        "section": "members",
        "bar": month_bar(month, today, request.path, first=founded.replace(day=1)),
        "rows": [row for row in rows if row.missing or row.estimated or row.set_aside],
        "complete": sum(not row.missing for row in rows),
        "meters": len(rows),
    }
    return page(request, "metering/board.html", context)
