"""What is announced to all members: reading, putting away, writing, and what became of its letters."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.access import allowed, empowered, member_of
from community.forms.announcement import AnnouncementForm
from community.models import Announcement
from community.pages import page
from community.roles import Can
from community.services import announcements as service
from community.wording import announcements as wording
from config import clock

PAST = 20


@login_required
@require_safe
def announcements(request: HttpRequest) -> HttpResponse:
    """What is announced at present; administrators see what was before, too."""
    member, at = member_of(request), clock.now()
    now = service.standing(member.community_id, at)
    past = Announcement.objects.filter(community=member.community).exclude(pk__in=now.values("pk"))
    past = past.select_related("written_by__user").order_by("-written_at")[:PAST]
    context = {
        "section": "more",
        "standing": [wording.told(one) for one in now],
        "past": [wording.told(one) for one in past] if empowered(member, Can.ANNOUNCE) else [],
        "me": member,
    }
    return page(request, "community/announcements.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_announcement(request: HttpRequest) -> HttpResponse:
    """Write to all members."""
    admin = allowed(request, Can.ANNOUNCE)
    form = AnnouncementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        site = request.build_absolute_uri("/").rstrip("/") if settings.EMAIL_HOST else ""
        made = service.announce(by=admin, written=form.written(), at=clock.now(), site=site)
        messages.success(request, _("Announced: every member sees it on their first page."))
        return redirect("announcement", made.pk)
    context = {"section": "more", "form": form}
    return page(request, "community/new_announcement.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def announcement(request: HttpRequest, pk: int) -> HttpResponse:
    """One announcement with what became of its letters."""
    admin = allowed(request, Can.ANNOUNCE)
    found = _ours(admin.community_id, pk)
    letters = found.letters.select_related("member__user").order_by("member__user__name", "pk")
    context = {
        "section": "more",
        "told": wording.told(found),
        "over": found.ended_at is not None or found.expires_at <= clock.now(),
        "letters": wording.letter_rows(letters),
        "failed": any(one.state == "failed" for one in letters),
        "read": found.dismissals.count(),
    }
    return page(request, "community/announcement.html", context)


@login_required
@require_POST
def end_announcement(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an announcement back."""
    admin = allowed(request, Can.ANNOUNCE)
    service.end(announcement_id=_ours(admin.community_id, pk).pk, by=admin, at=clock.now())
    messages.success(request, _("Taken back: nobody sees it any more."))
    return redirect("announcements")


@login_required
@require_POST
def resend_announcement(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the letters once more that were not delivered, and no others."""
    admin = allowed(request, Can.ANNOUNCE)
    count = service.send_failed_again(announcement=_ours(admin.community_id, pk), by=admin, at=clock.now())
    words = ngettext("%(n)d letter is on its way again.", "%(n)d letters are on their way again.", count)
    messages.success(request, words % {"n": count})
    return redirect("announcement", pk)


@login_required
@require_POST
def dismiss_announcement(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an announcement away."""
    member = member_of(request)
    service.dismiss(announcement=_ours(member.community_id, pk), member=member, at=clock.now())
    back = request.POST.get("next", "")
    inside = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if inside and back.startswith("/") else "announcements")


@login_required
@require_POST
def announcements_by_mail(request: HttpRequest) -> HttpResponse:
    """Turn mail for announcements on or off."""
    wanted = request.POST.get("wanted") == "yes"
    service.want_mail(member=member_of(request), wanted=wanted)
    messages.success(
        request,
        _("Announcements come by e-mail, too.") if wanted else _("Announcements come on these pages only."),
    )
    return redirect("announcements")


def _ours(community_id: int, pk: int) -> Announcement:
    return get_object_or_404(
        Announcement.objects.select_related("written_by__user"), pk=pk, community=community_id
    )
