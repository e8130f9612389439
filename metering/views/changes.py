"""Declaring that a meter was changed, so that what was set aside since then counts."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from community.access import allowed
from community.models import What
from community.pages import page
from community.roles import Can
from community.services.audit import note_look
from config import clock
from metering.forms.meters import MeterChangeForm
from metering.models import MeteringPoint
from metering.queries import registers_set_aside
from metering.services.meter_changes import ChangeContradicts, ChangeKnown, declare_change


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meter_changes(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The changes of one meter's dials, what is set aside, and declaring another change."""
    admin = allowed(request, Can.BRING_METERS)
    points = MeteringPoint.objects.select_related("household__community")
    point = get_object_or_404(points, household__community=admin.community, public_id=public_id)
    note_look([point.household], What.METER_SEEN, at=clock.now(), by=admin)
    aside = registers_set_aside(point)
    with timezone.override(admin.community.zone):
        form = MeterChangeForm(request.POST or None, initial=_likely(aside))
        if request.method == "POST" and form.is_valid():
            try:
                upload = declare_change(
                    metering_point=point,
                    channel=form.cleaned_data["channel"],
                    changed_at=form.cleaned_data["changed_at"],
                    final_wh=form.cleaned_data["final"],
                    first_wh=form.cleaned_data["first"],
                    declared_by=admin,
                    at=clock.now(),
                )
            except ChangeKnown:
                form.add_error("changed_at", _("A change of this dial at this moment is declared already."))
            except ChangeContradicts:
                form.add_error(None, _("These figures do not fit the readings before and after: check them."))
            else:
                text = ngettext("%(count)d reading counts now.", "%(count)d readings count now.", upload.revised)
                messages.success(request, text % {"count": upload.revised})
                return redirect("meter-changes", point.public_id)
        changes = point.changes.select_related("declared_by__user").order_by("-at")
        context = {"section": "members", "point": point, "form": form, "aside": aside, "changes": changes}
        return page(request, "metering/changes.html", context, status=422 if form.errors else 200)


def _likely(aside: list[Any]) -> dict[str, Any]:
    """What has probably happened, by the first register that was set aside."""
    if not aside:
        return {}
    first = aside[0]
    return {"channel": first.channel, "changed_at": first.first, "final": first.before_kwh, "first": "0"}
