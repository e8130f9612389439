"""When something that may wait is cheapest."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from community.access import household_of
from community.models import Household
from community.pages import page
from community.tariff_book import MissingContract
from config import clock
from market.cheapest import cheapest, starts
from market.forms.when import WhenForm
from market.queries.when import ahead
from market.wording import when as wording


@login_required
@require_safe
def when(request: HttpRequest) -> HttpResponse:
    """The best start for what the address asks for, what it saves, and every other start."""
    household, at = household_of(request), clock.now()
    with timezone.override(household.community.zone):
        asked = request.GET if "length" in request.GET else WhenForm.usual(at)
        form = WhenForm(asked, at=at)
        found = _found(household, form, request, at) if form.is_valid() else {}
        context = {
            "section": "more",
            "form": form,
            "home": request.GET.get("home", ""),
            **found,
        }
        return page(request, "market/when.html", context, status=422 if form.errors else 200)


def _found(household: Household, form: WhenForm, request: HttpRequest, at: datetime) -> dict[str, Any]:
    length = timedelta(minutes=form.cleaned_data["length"])
    by, step = form.cleaned_data["by"], timedelta(minutes=household.community.slot_minutes)
    first = at - (at - _midnight(at)) % step + step
    try:
        known = ahead(household, first, by, at)
    except MissingContract:
        return {"lacks": _("No contract with prices is on file for your home: ask your administrator to add it.")}
    possible = starts(known.slots, length, form.cleaned_data["power"], by)
    best = cheapest(possible)
    if best is None:
        return {"lacks": _("That is too little time: it would not be done by then, even if it started now.")}
    by_price = request.GET.get("sort") == "price"
    return {
        "sentence": wording.sentence(best, possible[0], at),
        "own": wording.own_part(best),
        "ends": wording.moment(best.end, at),
        "certainty": wording.certainty(known, at),
        "rows": wording.rows(possible, best, at, by_price=by_price),
        "by_price": by_price,
        "sorts": {name: _address(request, form, name) for name in ("time", "price")},
    }


def _midnight(at: datetime) -> datetime:
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)


def _address(request: HttpRequest, form: WhenForm, sort: str) -> str:
    kept = {name: form.data[name] for name in form.fields}
    if "home" in request.GET:
        kept["home"] = request.GET["home"]
    return f"{request.path}?{urlencode({**kept, 'sort': sort})}"
