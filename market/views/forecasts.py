"""How well the street is foretold, for its administrators."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from community.access import allowed
from community.pages import page
from community.roles import Can
from config import clock
from market.charts.month import day_bars
from market.queries import accuracy as queries
from market.wording import forecasts as wording

LEAST_TOP_PCT = 30.0


@login_required
@require_safe
def forecasts(request: HttpRequest) -> HttpResponse:
    """The last month's forecasts against what was metered, what foretells, and when agents did without."""
    community = allowed(request, Can.SEE_STREET).community
    at = clock.now()
    today = at.astimezone(community.zone).date()
    days = queries.days_of(community.pk, today)
    errors = {day.day: wording.error_pct(day) for day in days}
    dates = [today - queries.SPAN + timedelta(days=i + 1) for i in range(queries.SPAN.days)]
    context = {
        "section": "more",
        "sentence": wording.sentence(days),
        "figures": wording.month_figures(days),
        "chart": day_bars([(day, errors.get(day, 0.0)) for day in dates], LEAST_TOP_PCT) if days else None,
        "says": wording.chart_sentence(days),
        "rows": wording.day_rows(days),
        "facts": wording.forecaster_facts(queries.forecaster_of(community.pk)),
        "steps": wording.step_rows(queries.steps_down(community.pk, at - queries.SPAN)),
    }
    return page(request, "market/forecasts.html", context)
