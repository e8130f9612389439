"""An administrator's word on a single home."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from community.access import allowed
from community.forms.people import PriorityForm
from community.models import Household
from community.roles import Can
from community.services.homes import set_priority
from config import clock


@login_required
@require_POST
def prioritise(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a home its social priority."""
    admin = allowed(request, Can.INVITE)
    home = get_object_or_404(Household, pk=pk, community=admin.community)
    form = PriorityForm(request.POST)
    if form.is_valid():
        priority = form.cleaned_data["priority"]
        set_priority(by=admin, household_id=home.pk, priority=priority, at=clock.now())
        messages.success(
            request, _("%(home)s has priority %(priority)s now.") % {"home": home.name, "priority": priority}
        )
    else:
        for error in form.errors["priority"]:
            messages.error(request, f"{home.name}: {error}")
    return redirect("members")
