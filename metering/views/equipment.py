"""The register of equipment: a member's own, and the whole community's for administrators."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.access import LooksAfterNone, allowed, empowered, member_of
from community.models import Household
from community.pages import page
from community.roles import Can
from config import clock
from metering.firmware import LEVELS
from metering.forms.equipment import EquipmentForm
from metering.hygiene import equipment_of
from metering.models import Equipment
from metering.services.equipment import DeviceTaken, keep_equipment, retire_equipment
from metering.wording.equipment import badge, cards


@login_required
@require_safe
def my_equipment(request: HttpRequest) -> HttpResponse:
    """What stands in one's own homes, and how safe it looks."""
    homes = list(Household.objects.filter(member=member_of(request)))
    found = equipment_of([home.pk for home in homes], clock.now())
    context = {"section": "more", "cards": cards(found), "homes": homes, "overview": False}
    return page(request, "metering/equipment.html", context)


@login_required
@require_safe
def equipment(request: HttpRequest) -> HttpResponse:
    """The whole community's equipment, what needs somebody first."""
    homes = list(Household.objects.filter(community=allowed(request, Can.SEE_METERS).community))
    found = equipment_of([home.pk for home in homes], clock.now())
    levels = [one.verdict.level for one in found]
    counts = [(badge(level), levels.count(level)) for level in LEVELS]
    context = {"section": "members", "cards": cards(found), "homes": homes, "overview": True, "counts": counts}
    return page(request, "metering/equipment.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_equipment(request: HttpRequest) -> HttpResponse:
    """Register a piece of equipment."""
    return _edit(request, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_equipment(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is told of a piece of equipment; saving it unchanged says that it was looked up again."""
    return _edit(request, _one(request, pk))


@login_required
@require_POST
def remove_equipment(request: HttpRequest, pk: int) -> HttpResponse:
    """Take equipment out of the register."""
    retire_equipment(equipment=_one(request, pk), at=clock.now(), by=member_of(request))
    messages.success(request, _("It is no longer in the list."))
    return _back(request)


def _edit(request: HttpRequest, kept: Equipment | None) -> HttpResponse:
    homes = _homes(request)
    if not homes:
        raise LooksAfterNone
    form = EquipmentForm(request.POST or None, homes=homes, equipment=kept)
    if request.method == "POST" and form.is_valid():
        try:
            keep_equipment(at=clock.now(), by=member_of(request), equipment=kept, **form.facts())
        except DeviceTaken:
            form.add_error("device", _("This device is in the list already: change it there."))
        else:
            messages.success(request, _("Saved. Thank you for looking it up."))
            return _back(request)
    context = {"section": "more", "form": form, "kept": kept, "overview": _is_admin(request)}
    return page(request, "metering/edit_equipment.html", context, status=422 if form.errors else 200)


def _is_admin(request: HttpRequest) -> bool:
    return empowered(member_of(request), Can.BRING_METERS)


def _homes(request: HttpRequest) -> list[Household]:
    """Homes whose equipment the asking member may change: the own ones, for administrators all."""
    member = member_of(request)
    homes = Household.objects.filter(community=member.community)
    return list(homes if _is_admin(request) else homes.filter(member=member))


def _one(request: HttpRequest, pk: int) -> Equipment:
    homes = {home.pk: home for home in _homes(request)}
    found = Equipment.objects.filter(household__in=homes, pk=pk, retired_at__isnull=True)
    one = found.select_related("device", "token").first()
    if one is None:
        raise Http404
    one.household = homes[one.household_id]  # as it was when it was the member's
    return one


def _back(request: HttpRequest) -> HttpResponse:
    return redirect("equipment" if _is_admin(request) else "my-equipment")
