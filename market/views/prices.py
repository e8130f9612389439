"""Prices published by the hour: what is known, what is missing, and handing a file in."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.access import allowed
from community.datebar import month_bar, parse_month
from community.pages import page
from community.published_prices import days_known
from community.roles import Can
from community.services.prices import keep_prices
from config import clock
from market.forms.tariff import PriceFileForm
from market.wording import prices as wording


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def published_prices(request: HttpRequest) -> HttpResponse:
    """The days of a month with the hours that are not known, and a form for a file of prices."""
    admin, at = allowed(request, Can.SET_TARIFFS), clock.now()
    community = admin.community
    form = PriceFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and (hours := form.hours()):
        kept = keep_prices(hours, source=form.cleaned_data["file"].name, at=at, community=community, by=admin)
        words = _("%(new)s hours are new, %(changed)s have another price now, %(same)s were known.")
        messages.success(request, words % kept._asdict())
        return redirect("published-prices")
    today = at.astimezone(community.zone).date()
    month = parse_month(request.GET.get("m"), today)
    last = min((month + timedelta(days=32)).replace(day=1) - timedelta(days=1), today)
    days = [last - timedelta(days=back) for back in range((last - month).days + 1)]
    known = [days_known(community, series, days) for series in ("pvpc", "surplus")]
    context = {
        "section": "more",
        "form": form,
        "nothing": all(len(one.missing) == one.hours for series in known for one in series),
        "month": month,
        "bar": month_bar(month, today, request.path),
        "days": wording.days(*known),
    }
    return page(request, "market/published_prices.html", context, status=422 if form.errors else 200)
