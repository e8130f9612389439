"""The completeness board: which meters block a month, since when, and who must act."""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.mail import EmailMessage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.access import allowed
from community.datebar import month_bar, parse_month
from community.pages import page
from community.roles import Can
from community.tariffs import local_day, month_span
from config import clock
from metering.completeness import completeness
from metering.models import MeteringPoint
from metering.queries import set_aside_within
from metering.services.reminders import remind, reminded
from metering.wording import board as wording

logger = logging.getLogger(__name__)

# A reading may take this long to arrive before anybody is asked for it.
GRACE = timedelta(hours=1)


@login_required
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """One month of all meters, the worst first; `?m=` names the month."""
    community = allowed(request, Can.SEE_METERS).community
    zone = community.zone
    at = clock.now()
    today = at.astimezone(zone).date()
    month = parse_month(request.GET.get("m"), today)
    founded = community.created_at.astimezone(zone).date()
    start, end = month_span(month.year, month.month, zone)
    start = max(start, local_day(founded, zone)[0])
    end = max(start, min(end, (at - GRACE).replace(minute=0, second=0, microsecond=0)))
    points = list(
        MeteringPoint.objects.filter(household__community=community).select_related(
            "household__member__user", "household__community"
        )
    )
    aside = set_aside_within(community.pk, start, end)
    asked = reminded(community=community, month=month)
    rows = wording.rows(points, completeness(points, start, end), month, end, aside, asked)
    context = {
        "section": "members",
        "bar": month_bar(month, today, request.path, first=founded.replace(day=1)),
        "rows": [row for row in rows if row.missing or row.estimated or row.set_aside],
        "complete": sum(not row.missing for row in rows),
        "meters": len(rows),
        "month": month,
        "running": month == today.replace(day=1),
        "mailed": bool(settings.EMAIL_HOST),
    }
    return page(request, "metering/board.html", context)


@login_required
@require_POST
def send_reminder(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Write to the member who looks after a meter, in the name of the administrator."""
    admin = allowed(request, Can.BRING_METERS)
    points = MeteringPoint.objects.select_related("household__member__user", "household__community")
    point = get_object_or_404(points, household__community=admin.community, public_id=public_id)
    month = parse_month(request.POST.get("m"), clock.now().astimezone(admin.community.zone).date())
    member = point.household.member
    if member is None:
        raise Http404("Nobody looks after this home yet.")
    name = {"name": member.user.name}
    subject, text = wording.letter(point, member, month)
    mail = EmailMessage(subject, text, to=[member.user.email], reply_to=[admin.user.email])
    try:
        sent = remind(metering_point=point, month=month, sent_by=admin, at=clock.now(), send=mail.send)
    except OSError:
        logger.exception("A reminder could not be mailed")
        messages.error(request, _("The mail to %(name)s could not be sent: try again later.") % name)
    else:
        text = _("%(name)s has been written to.") if sent else _("%(name)s has been written to today already.")
        messages.success(request, text % name)
    return redirect(f"{reverse('completeness')}?m={month:%Y-%m}")
