"""What the street shows to those who are not in it: nothing, unless an administrator opens it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.access import allowed
from community.forms.people import OutsideForm
from community.models import Community
from community.pages import page
from community.roles import Can
from community.services.outside import show_outside
from config import clock


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def outside(request: HttpRequest) -> HttpResponse:
    """Open or close the public pages."""
    admin = allowed(request, Can.SET_RULES)
    now = Community.objects.get(pk=admin.community_id)
    form = OutsideForm(
        request.POST if request.method == "POST" else None,
        initial={"join_open": now.join_open, "figures_public": now.figures_public},
    )
    if request.method == "POST" and form.is_valid():
        show_outside(by=admin, at=clock.now(), **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("outside")
    return page(request, "community/outside.html", {"section": "more", "form": form, "community": now})
