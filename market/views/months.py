"""A home's months: the log, the statement, and the slots as a file."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from community.access import household_of, member_of
from community.anonymity import may_see_sums
from community.datebar import month_bar, parse_day, parse_month
from community.models import Household
from community.pages import page
from community.spreadsheets import write_csv
from community.tariffs import local_day, month_span
from config import clock
from market.addresses import kept, month_named
from market.documents import as_csv, as_json, as_pdf, as_xlsx
from market.models import Statement
from market.queries import months as queries
from market.queries.hindsight import hindsight_of
from market.queries.home import freshness_of
from market.queries.month import rent_to_give_back
from market.queries.wallet import wallet_rows
from market.wording import day_table, documents, wallet
from market.wording import hindsight as hindsight_wording
from market.wording import months as wording
from metering.wording.freshness import own_until_line

# What each form of a statement is, and who writes it.
FORMS = {
    "pdf": ("application/pdf", as_pdf),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "csv": ("text/csv; charset=utf-8", as_csv),
    "json": ("application/json", as_json),
}


@login_required
@require_safe
def months(request: HttpRequest) -> HttpResponse:
    """The log of all months; `?m=` names the one whose days are shown."""
    household = household_of(request)
    zone = _zone(household)
    today = clock.now().astimezone(zone).date()
    month = parse_month(request.GET.get("m"), today)
    first, last = month_span(month.year, month.month, zone)
    # Whoever looked after the home before keeps its days to itself.
    span = (household.own_from(first), last)
    log = [row for row in queries.months_of(household) if row.first >= household.own_since]
    selected, running = next((row for row in log if row.first == month), None), month == today.replace(day=1)
    context = {
        "section": "months",
        "bar": month_bar(month, today, request.path, first=log[-1].first if log else None, keep=kept(request.GET)),
        "until": _until(household),
        "months": log,
        "selected": selected,
        "sentence": "" if selected is None else wording.gained(month, selected.saving_neur, running=running),
        "street": queries.street_month(household, *span),
        "days": wording.day_rows(queries.days_of(household, *span)),
    }
    return page(request, "market/months.html", context)


@login_required
@require_safe
def statement(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """One month as a statement: closed and final, or a preview; `?day=` opens a day's slots."""
    household = household_of(request)
    zone = _zone(household)
    first = month_named(year, month)
    start, end = month_span(year, month, zone)
    today = clock.now().astimezone(zone).date()
    issued = queries.statements_of(household, first)
    closed = issued[0] if issued else None
    days = queries.days_of(household, start, end)
    total = queries.month_of(days)
    if total is None:
        raise Http404("This home has no settled slots in that month.")
    chosen = request.GET.get("day")
    day = parse_day(chosen, today) if chosen else None
    sums = may_see_sums(member_of(request))
    is_open = day is not None and start <= local_day(day, zone)[0] < end
    slots = queries.settled_slots(household, *local_day(day, zone)) if day and is_open else []
    context = {
        "section": "months",
        "first": first,
        "household": household,
        "closed": closed,
        **_standing(household, closed),
        "versions": wording.versions(issued),
        "lines": wording.statement_lines(closed, total),
        "total": total,
        "rent_waiting": "" if closed else _rent_waiting(household, end),
        "unmeasured": wording.unmeasured(queries.unmeasured_in(household, start, end)),
        "corrections": wording.corrections(queries.corrections_of(household, start, end)),
        "hindsight": _hindsight(household, first) if closed and sums else None,
        "wallet": wallet.fact(wallet_rows(household), first) if closed else "",
        "days": wording.day_rows(days),
        "day": day,
        "slots": day_table.settled_rows(slots, kept(request.GET)),
    }
    return page(request, "market/statement.html", context)


@login_required
@require_safe
def month_csv(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """The month's settled slots as CSV: plain numbers in the units of the column names."""
    household = household_of(request)
    month_named(year, month)
    rows = queries.settled_slots(household, *month_span(year, month, _zone(household)))
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="azotea-{year:04}-{month:02}.csv"'
    write_csv(response, wording.CSV_COLUMNS, (wording.csv_row(row) for row in rows))
    return response


@login_required
@require_safe
def statement_file(request: HttpRequest, year: int, month: int, form: str) -> HttpResponse:
    """A closed month as a file: PDF, XLSX, CSV or JSON."""
    household = household_of(request)
    first = month_named(year, month)
    made = documents.newest(household, first) if form in FORMS else None
    if made is None:
        raise Http404("There is no such statement.")
    kind, write = FORMS[form]
    response = HttpResponse(write(made), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{documents.file_name(household, made, form)}"'
    return response


def _hindsight(household: Household, first: date) -> hindsight_wording.Told | None:
    return hindsight_wording.told(hindsight_of(household.community_id, first))


def _standing(household: Household, closed: Statement | None) -> dict[str, str]:
    """In which legal mode a month stands and, while it is open, until when its figures are true."""
    mode = closed.legal_mode if closed else household.community.legal_mode
    return {"legal_text": documents.legal_text(mode), "until": "" if closed else _until(household)}


def _until(household: Household) -> str:
    at = clock.now()
    return own_until_line(freshness_of(household, at), at)


def _rent_waiting(household: Household, end: datetime) -> str:
    """What the street will give back when the month closes."""
    community = household.community
    return wording.rent_waiting(rent_to_give_back(community, end), community.rent_rule)


def _zone(household: Household) -> ZoneInfo:
    return household.community.zone
