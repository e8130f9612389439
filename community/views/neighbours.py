"""The administrator's list of homes, and inviting neighbours."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community import queries
from community.access import admin_of
from community.forms import InviteForm, PriorityForm
from community.models import Household, Invitation
from community.pages import page
from community.services import members
from community.services.homes import set_priority
from config import clock


@login_required
@require_safe
def neighbours(request: HttpRequest) -> HttpResponse:
    """Every home with its member, devices, meter and invitation."""
    community = admin_of(request).community
    at = clock.now()
    context = {
        "section": "members",
        "neighbours": queries.neighbours(community.pk, at),
        "invitations": queries.open_invitations(community.pk, at),
        "priorities": range(10),
    }
    return page(request, "community/neighbours.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a neighbour; the link is shown once, and mailed where mail is set up."""
    admin = admin_of(request)
    form = InviteForm(request.POST or None, community=admin.community)
    link = ""
    if request.method == "POST" and form.is_valid():
        try:
            invitation, secret = members.invite(
                invited_by=admin,
                email=form.cleaned_data["email"],
                household=form.cleaned_data["household"],
                at=clock.now(),
            )
        except members.InvitationProblem as problem:
            form.add_error("email", _problem(problem.code))
        else:
            link = request.build_absolute_uri(reverse("accept-invitation", args=[secret]))
            _mail(invitation, link)
    context = {"section": "members", "form": form, "link": link, "mailed": bool(settings.EMAIL_HOST)}
    return page(request, "community/invite.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def prioritise(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a home its social priority."""
    admin = admin_of(request)
    home = get_object_or_404(Household, pk=pk, community=admin.community)
    form = PriorityForm(request.POST)
    if form.is_valid():
        priority = form.cleaned_data["priority"]
        set_priority(by=admin, household_id=home.pk, priority=priority)
        messages.success(
            request, _("%(home)s has priority %(priority)s now.") % {"home": home.name, "priority": priority}
        )
    else:
        for error in form.errors["priority"]:
            messages.error(request, f"{home.name}: {error}")
    return redirect("members")


@login_required
@require_POST
def revoke_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw an open invitation."""
    admin = admin_of(request)
    invitation = get_object_or_404(Invitation, pk=pk, community=admin.community)
    members.revoke(invitation=invitation, by=admin, at=clock.now())
    messages.success(request, _("The invitation of %(email)s no longer works.") % {"email": invitation.email})
    return redirect("members")


def _mail(invitation: Invitation, link: str) -> None:
    if settings.EMAIL_HOST:
        send_mail(
            _("Your invitation to %(community)s") % {"community": invitation.community.name},
            _("%(name)s invites you. Open this link to join: %(link)s")
            % {"name": invitation.invited_by.user.name, "link": link},
            None,
            [invitation.email],
        )


def _problem(code: str) -> str:
    return {
        "already-member": _("This person is a member already."),
        "already-invited": _("There is an open invitation for this e-mail. Withdraw it first, then invite again."),
        "home-taken": _("Somebody looks after this home already: choose another."),
    }.get(code, _("Only an administrator can invite."))
