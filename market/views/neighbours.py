"""The administrator's list of homes and people with their states, and ending a membership."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from community.access import allowed
from community.models import JoinRequest, Member
from community.pages import page
from community.queries import in_street_order
from community.roles import Can, NotAllowed
from community.services.invitations import invitations_of
from community.wording import invitations as invitation_wording
from config import clock
from market.queries.neighbours import home_states, members_of
from market.services.erasure import hindrances
from market.services.leaving import leave
from market.wording import neighbours as wording
from market.wording.checklist import checklist

# Older invitations that were accepted or withdrawn say nothing any more.
SHOWN_FOR = timedelta(days=90)


@login_required
@require_safe
def neighbours(request: HttpRequest) -> HttpResponse:
    """Every home with its member, devices, meter and state; everybody's membership; the invitations."""
    admin, at = allowed(request, Can.INVITE), clock.now()
    community = admin.community
    waiting = JoinRequest.objects.filter(community=community, state=JoinRequest.State.WAITING).count()
    context = {
        "section": "members",
        "homes": [(one.neighbour, wording.state(one)) for one in home_states(community.pk, at)],
        "members": [(one, wording.member_since(one)) for one in members_of(community.pk)],
        "invitations": invitation_wording.rows(invitations_of(community.pk, at - SHOWN_FOR), at),
        "waiting": waiting,
        "priorities": range(10),
        "me": admin,
        "checklist": checklist(admin, at),
    }
    return page(request, "market/neighbours.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end_membership(request: HttpRequest, pk: int) -> HttpResponse:
    """What follows if a member leaves, and ending the membership today."""
    admin = allowed(request, Can.END_MEMBERSHIPS)
    member = get_object_or_404(
        Member.objects.select_related("user"), pk=pk, community=admin.community, left_at=None
    )
    if request.method == "POST":
        try:
            leave(member_id=member.pk, by=admin, at=clock.now())
        except NotAllowed:
            messages.error(request, _("Nobody ends their own membership, nor that of somebody above them."))
        else:
            messages.success(request, _("%(name)s is a member no longer.") % {"name": member.user.name})
        return redirect("members")
    context = {
        "section": "members",
        "leaving": member,
        "homes": member.households.order_by(in_street_order()),
        "hindrances": hindrances(member),
    }
    return page(request, "market/end_membership.html", context)
