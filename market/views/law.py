"""Where the street is, under which law it shares, and what that is and is not."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from community.access import allowed, empowered, member_of
from community.models import Community, Region
from community.pages import page
from community.regulated import distances_on
from community.roles import Can
from config import clock
from market.services.rules import ClockIsFixed, set_place
from market.wording import law as wording


class PlaceForm(forms.Form):
    """The region and the legal mode."""

    region = forms.ChoiceField(
        label=gettext_lazy("Where"),
        choices=Region.choices,
        help_text=gettext_lazy("It decides taxes, tariff hours and the clock."),
    )
    legal_mode = forms.ChoiceField(
        label=gettext_lazy("Legal mode"), choices=Community.LegalMode.choices, widget=forms.RadioSelect
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def law(request: HttpRequest) -> HttpResponse:
    """Every member reads it, administrators set it."""
    member = allowed(request, Can.SET_RULES) if request.method == "POST" else member_of(request)
    community = member.community
    known = {"region": community.region, "legal_mode": community.legal_mode}
    form = PlaceForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            set_place(by=member, at=clock.now(), **form.cleaned_data)
        except ClockIsFixed:
            words = _("A month is closed already, cut at midnight of this street's clock: it stays there.")
            form.add_error("region", words)
        else:
            messages.success(request, _("Saved. Statements that are issued keep the mode of their day."))
            return redirect("law")
    today = clock.now().astimezone(community.zone).date()
    context = {
        "section": "more",
        "form": form if empowered(member, Can.SET_RULES) else None,
        "modes": wording.modes(community),
        "distances": wording.distances(distances_on(today)),
        "region": community.get_region_display(),
    }
    return page(request, "market/law.html", context, status=422 if form.errors else 200)
