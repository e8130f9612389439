"""A copy of everything that the site holds about a member."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.access import member_or_former
from community.models import AuditEvent, What
from community.pages import page
from community.services.audit import record
from config import clock
from market.wording.own_records import packed

# More copies than that within a day are more likely somebody else's wish than the member's.
MOST_A_DAY = 5
A_DAY = timedelta(days=1)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_records(request: HttpRequest) -> HttpResponseBase:
    """What the copy holds, and the copy itself as a ZIP; that it was taken is noted."""
    member, at = member_or_former(request), clock.now()
    if request.method != "POST":
        return page(request, "market/own_records.html", {"section": "more"})
    taken = AuditEvent.objects.filter(what=What.EXPORTED, user=member.user, at__gt=at - A_DAY)
    if taken.count() >= MOST_A_DAY:
        messages.warning(request, _("You have taken five copies today: come back tomorrow."))
        return redirect("own-records")
    record(What.EXPORTED, community=member.community, at=at, by=member, about=member)
    response = StreamingHttpResponse(packed(member), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="azotea-{at:%Y-%m-%d}.zip"'
    response["Cache-Control"] = "no-store"
    return response
