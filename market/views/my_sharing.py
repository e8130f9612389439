"""A home's own part in the sharing: its coefficients, its word on them, and who may act for it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.access import household_of, member_of
from community.pages import page
from config import clock
from market.models import GestorMandate, SharingSet, SharingSignature
from market.services.agreements import authorise_gestor, revoke_gestor, sign_set
from market.wording import sharing as wording


@login_required
@require_safe
def my_sharing(request: HttpRequest) -> HttpResponse:
    """What the newest sets give this home, and what it agreed to."""
    household = household_of(request)
    sets = SharingSet.objects.filter(community=household.community).select_related("added_by__user")
    signed = dict(SharingSignature.objects.filter(household=household).values_list("set_id", "given_at"))
    supplies = list(household.metering_points.values_list("cups", flat=True))
    rows = [(one, wording.own_share(one, supplies), signed.get(one.pk)) for one in sets.order_by("-added_at")[:5]]
    held = GestorMandate.objects.filter(household=household, revoked_at=None).first()
    context = {"section": "more", "household": household, "rows": rows, "held": held}
    return page(request, "market/my_sharing.html", context)


@login_required
@require_POST
def agree(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to a set of coefficients."""
    household = household_of(request)
    found = get_object_or_404(SharingSet, pk=pk, community=household.community)
    sign_set(household=household, found=found, by=member_of(request), at=clock.now())
    messages.success(request, _("Noted: this home agrees to these coefficients."))
    return redirect("my-sharing")


@login_required
@require_POST
def gestor(request: HttpRequest) -> HttpResponse:
    """Authorise the community as gestor, or take that back."""
    household = household_of(request)
    if request.POST.get("do") == "revoke":
        revoke_gestor(household=household, by=member_of(request), at=clock.now())
        messages.success(request, _("The authorisation is taken back."))
    else:
        authorise_gestor(household=household, by=member_of(request), at=clock.now())
        messages.success(request, _("Noted: the community may act for this home before the distributor."))
    return redirect("my-sharing")
