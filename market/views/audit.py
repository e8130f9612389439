"""Who saw or changed what: each member's own, and an administrator's of the community."""

from datetime import date, datetime
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from community.access import allowed, member_of
from community.datebar import month_bar, parse_month
from community.models import Community, What
from community.pages import page
from community.roles import Can
from community.tariffs import month_span
from config import clock
from market.documents.sheets import csv_of
from market.queries.audit import events_about, events_of
from market.wording import audit as wording

ROWS_A_PAGE = 50


@login_required
@require_safe
def my_log(request: HttpRequest) -> HttpResponse:
    """Who saw or changed what of the member's own, newest first."""
    member = member_of(request)
    found = Paginator(events_about(member), ROWS_A_PAGE).get_page(request.GET.get("p"))
    context = {"section": "more", "page": found, "rows": wording.rows(found, member)}
    return page(request, "market/my_log.html", context)


@login_required
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """The community's month, `?m=`, of one kind of event (`?what=`) or all."""
    admin = allowed(request, Can.SEE_AUDIT)
    month, today = _month(request, admin.community)
    what = _what(request)
    found = events_of(admin.community, *_span(admin.community, month), what)
    shown = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("p"))
    context = {
        "section": "more",
        "bar": month_bar(month, today, request.path, keep={"what": what} if what else None),
        "month": month,
        "what": what,
        "kept": urlencode({"m": f"{month:%Y-%m}", "what": what}),
        "kinds": sorted(((code, str(label)) for code, label in What.choices), key=lambda one: one[1]),
        "page": shown,
        "rows": wording.rows(shown, admin),
    }
    return page(request, "market/audit.html", context)


@login_required
@require_safe
def audit_csv(request: HttpRequest) -> HttpResponse:
    """The same as CSV, whole."""
    community = allowed(request, Can.SEE_AUDIT).community
    month, _today = _month(request, community)
    found = events_of(community, *_span(community, month), _what(request))
    content = csv_of(wording.CSV_COLUMNS, (wording.csv_row(event) for event in found.iterator()))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="azotea-audit-{month:%Y-%m}.csv"'
    return response


def _month(request: HttpRequest, community: Community) -> tuple[date, date]:
    """The month that is asked for, and today."""
    today = clock.now().astimezone(community.zone).date()
    return parse_month(request.GET.get("m"), today), today


def _span(community: Community, month: date) -> tuple[datetime, datetime]:
    return month_span(month.year, month.month, community.zone)


def _what(request: HttpRequest) -> str:
    what = request.GET.get("what", "")
    return what if what in What.values else ""
