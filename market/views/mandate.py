"""The rules that a member gives the agent."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community import figures
from community.access import household_of, member_of
from community.models import Household
from community.pages import page
from community.queries import MissingContract, Prices, TariffBook
from config import clock
from market.forms import MandateForm, written_terms
from market.queries import home as home_queries
from market.queries.due import next_free_slot
from market.services.mandates import give_mandate


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mandate(request: HttpRequest) -> HttpResponse:
    """Show the limits in force; a valid form replaces them from the next slot on."""
    household = household_of(request)
    at = clock.now()
    present = home_queries.mandate_at(household, at)
    has_battery = bool(home_queries.batteries(household))
    form = MandateForm(request.POST or None, initial=written_terms(present), has_battery=has_battery)
    if request.method == "POST" and form.is_valid():
        keep = {} if present is None or has_battery else {"reserve_pct": present.reserve_pct}
        give_mandate(household=household, given_by=member_of(request), at=at, **{**keep, **form.terms()})
        start = next_free_slot(household.community, at)
        messages.success(
            request, _("Saved. Your agent follows these rules from %(slot)s on.") % {"slot": figures.clock(start)}
        )
        return redirect(request.get_full_path())
    context = {
        "section": "mandate",
        "form": form,
        "present": present,
        "household": household,
        "prices": _prices(household, at),
    }
    return page(request, "market/mandate.html", context, status=422 if form.errors else 200)


def _prices(household: Household, at: datetime) -> Prices | None:
    """What the home's own retailer charges and pays right now."""
    try:
        return TariffBook(household.community_id, household.community.zone).prices(household.pk, at)
    except MissingContract:
        return None
