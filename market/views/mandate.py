"""The rules that a member gives the agent."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from community.access import household_of, member_of
from community.models import Household
from community.pages import page
from community.queries import devices_of
from community.tariff_book import MissingContract, Prices, TariffBook
from config import clock
from market.agents import Mandate as MandateTerms
from market.mandate_form import MandateForm
from market.queries import home as home_queries
from market.queries.due import next_free_slot
from market.queries.mandates import mandate_terms
from market.services.mandates import give_mandate
from market.wording import mandate as wording

# What a home is not asked about stays as it was, in case a battery or a charger comes back.
UNASKED = ("reserve_pct", "grid_charge", "cycles_tenths", "ev_ready_minute", "ev_target_wh")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mandate(request: HttpRequest) -> HttpResponse:
    """Show the limits in force; a valid form replaces them from the next slot on."""
    household = household_of(request)
    zone = household.community.zone
    at = clock.now()
    present = home_queries.mandate_at(household, at)
    terms = None if present is None else mandate_terms(present)
    kinds = {device.kind for device in devices_of([household.pk])[household.pk]}
    form = MandateForm(
        request.POST or None,
        given=terms,
        at=at,
        zone=zone,
        has_battery="battery" in kinds,
        has_charger="ev_charger" in kinds,
    )
    if request.method == "POST" and form.is_valid():
        messages.success(request, _save(request, household, form, terms, at))
        return redirect(request.get_full_path())
    context = {
        "section": "mandate",
        "form": form,
        "present": present,
        "lasts": wording.lasts(terms, at, zone),
        "household": household,
        "prices": _prices(household, at),
    }
    return page(request, "market/mandate.html", context, status=422 if form.wrong else 200)


def _save(
    request: HttpRequest, household: Household, form: MandateForm, before: MandateTerms | None, at: datetime
) -> str:
    """Give the mandate; the sentence that says what it changes."""
    keep = {} if before is None else {name: getattr(before, name) for name in UNASKED}
    given = give_mandate(household=household, given_by=member_of(request), at=at, **(keep | form.terms()))
    start = next_free_slot(household.community, at)
    return wording.changed(before, mandate_terms(given), start, household.community.zone)


def _prices(household: Household, at: datetime) -> Prices | None:
    """What the home's own retailer charges and pays right now."""
    try:
        return TariffBook(household.community).prices(household.pk, at)
    except MissingContract:
        return None
