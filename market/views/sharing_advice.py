"""Advice on coefficients: ask for it, see what each home would gain, keep it as what members agreed on."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.access import allowed
from community.models import Household, What
from community.pages import page
from community.roles import Can
from community.services.audit import note_look
from config import clock
from market.bell import ring_studio
from market.forms.sharing import AdviceForm, KeepForm
from market.models import SharingAdvice
from market.services.sharing import NotAdvised, keep_advice
from market.wording import sharing_advice as wording
from metering.queries import with_cups

SHOWN = 10


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sharing_advice(request: HttpRequest) -> HttpResponse:
    """The advice so far, newest first, and a form that asks for another."""
    admin = allowed(request, Can.SET_SHARING)
    form = AdviceForm(request.POST or None, initial={"aim": SharingAdvice.Aim.MOST, "kind": "fixed"})
    if request.method == "POST" and form.is_valid():
        asked = SharingAdvice.objects.create(
            community=admin.community,
            aim=form.cleaned_data["aim"],
            hourly=form.cleaned_data["kind"] == "hourly",
            asked_by=admin,
            asked_at=clock.now(),
        )
        ring_studio()
        return redirect("one-advice", asked.pk)
    found = SharingAdvice.objects.filter(community=admin.community).order_by("-asked_at", "-pk")[:SHOWN]
    context = {"section": "more", "form": form, "rows": wording.rows(list(found))}
    return page(request, "market/sharing_advice.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def one_advice(request: HttpRequest, pk: int) -> HttpResponse:
    """What was found, home by home; the form keeps it as the coefficients of a year."""
    admin = allowed(request, Can.SET_SHARING)
    advice = get_object_or_404(SharingAdvice, pk=pk, community=admin.community)
    today = clock.now().astimezone(admin.community.zone).date()
    form = KeepForm(
        request.POST or None, community=admin.community, initial={"year": today.year, "agreed_on": today}
    )
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        plant = given.pop("plant")
        try:
            keep_advice(advice=advice, by=admin, plant_cups=plant.cups, at=clock.now(), **given)
        except NotAdvised:
            messages.error(request, _("There is nothing to keep in this advice."))
        except ValueError:
            form.add_error("plant", _("A home has a CUPS that cannot be: have the operator correct it first."))
        else:
            messages.success(request, _("The coefficients are kept: members can agree to them now."))
            return redirect("sharing")
    context: dict[str, Any] = {"section": "more", "advice": advice, "form": form}
    if advice.status == SharingAdvice.Status.DONE:
        homes = Household.objects.filter(metering_points__in=with_cups(advice.supplies)).distinct()
        note_look(homes, What.SAVING_SEEN, at=clock.now(), by=admin, about=advice)
        context |= wording.result(advice)
    return page(request, "market/one_advice.html", context, status=422 if form.errors else 200)
