"""The completeness board: which meters block a month, since when, and who must act."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from community.access import admin_of
from community.datebar import month_bar, parse_month
from community.pages import page
from community.tariffs import month_span
from config import clock
from metering.completeness import completeness
from metering.models import MeteringPoint
from metering.wording import board as wording

# A reading may take this long to arrive before anybody is asked for it.
GRACE = timedelta(hours=1)


@login_required
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """One month of all meters, the worst first; `?m=` names the month."""
    community = admin_of(request).community
    zone = ZoneInfo(community.timezone)
    at = clock.now()
    today = at.astimezone(zone).date()
    month = parse_month(request.GET.get("m"), today)
    start, end = _over(*month_span(month.year, month.month, zone), at)
    points = list(
        MeteringPoint.objects.filter(household__community=community)
        .select_related("household__member__user", "household__community")
        .order_by("household__name", "cups")
    )
    rows = wording.rows(points, completeness(points, start, end), month, end)
    context = {
        "section": "members",
        "bar": month_bar(month, today, request.path),
        "rows": [row for row in rows if row.missing or row.estimated],
        "complete": sum(not row.missing for row in rows),
        "meters": len(rows),
    }
    return page(request, "metering/board.html", context)


def _over(start: datetime, end: datetime, at: datetime) -> tuple[datetime, datetime]:
    """What of a month is over at `at`, to the full hour."""
    over = (at - GRACE).replace(minute=0, second=0, microsecond=0)
    return start, max(start, min(end, over))
