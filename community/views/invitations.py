"""Inviting neighbours: one by one with a link and its QR picture, again, on paper, and taking it back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from community.access import allowed
from community.forms.people import InviteForm, LettersForm
from community.models import Invitation, Member
from community.pages import page
from community.qr import picture
from community.roles import Can
from community.services import invitations as service
from community.services import members
from community.wording import invitations as wording
from config import clock


@dataclass(frozen=True, slots=True)
class Letter:
    """An invitation to hand over on paper."""

    invitation: Invitation
    link: str
    picture: str


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a neighbour; the link is shown once, and mailed where mail is set up."""
    admin = allowed(request, Can.INVITE)
    form = InviteForm(request.POST or None, community=admin.community)
    if request.method == "POST" and form.is_valid():
        try:
            invitation, secret = members.invite(invited_by=admin, at=clock.now(), **form.cleaned_data)
        except members.InvitationProblem as problem:
            form.add_error("email", wording.problem(problem.code))
        else:
            return made(request, invitation, secret)
    context = {"section": "members", "form": form}
    return page(request, "community/invite.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_POST
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an invitation a new link and term, and send it again."""
    admin = allowed(request, Can.INVITE)
    found = get_object_or_404(Invitation, pk=pk, community=admin.community)
    try:
        invitation, secret = service.renew(invitation_id=found.pk, by=admin, at=clock.now())
    except members.InvitationProblem as problem:
        messages.error(request, wording.problem(problem.code))
        return redirect("members")
    return made(request, invitation, secret)


@login_required
@require_POST
def revoke_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw an open invitation."""
    admin = allowed(request, Can.INVITE)
    invitation = get_object_or_404(Invitation, pk=pk, community=admin.community)
    members.revoke(invitation=invitation, by=admin, at=clock.now())
    messages.success(request, _("The invitation of %(email)s no longer works.") % {"email": invitation.email})
    return redirect("members")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def letters(request: HttpRequest) -> HttpResponse:
    """Choose invitations; then a page to print with a letter and a QR picture for each."""
    admin, at = allowed(request, Can.INVITE), clock.now()
    open_ones = Invitation.objects.filter(community=admin.community, accepted_at=None, revoked_at=None)
    form = LettersForm(request.POST or None, invitations=open_ones.select_related("household"))
    if request.method == "POST" and form.is_valid():
        printed = list(_letters(request, form.cleaned_data["invitations"], admin, at))
        return page(request, "community/letters.html", {"letters": printed}) if printed else redirect("members")
    context = {"section": "members", "form": form}
    return page(request, "community/choose_letters.html", context, status=422 if form.errors else 200)


def made(request: HttpRequest, invitation: Invitation, secret: str) -> HttpResponse:
    """The page with a fresh link, after its letter went out where mail is set up."""
    link = _link(request, secret)
    if settings.EMAIL_HOST:
        send = wording.letter(invitation, link).send
        invitation = service.post(invitation=invitation, at=clock.now(), send=send)
    context = {"section": "members", "link": link, "picture": picture(link), "invitation": invitation}
    return page(request, "community/invite.html", context)


def _letters(request: HttpRequest, chosen: Iterable[Invitation], admin: Member, at: datetime) -> Iterator[Letter]:
    """A letter for each that is open still; a message names those that were accepted or withdrawn meanwhile."""
    for one in chosen:
        try:
            invitation, secret = service.renew(invitation_id=one.pk, by=admin, at=at)
        except members.InvitationProblem as problem:
            messages.error(request, f"{one.email}: {wording.problem(problem.code)}")
        else:
            link = _link(request, secret)
            yield Letter(invitation, link, picture(link))


def _link(request: HttpRequest, secret: str) -> str:
    return request.build_absolute_uri(reverse("accept-invitation", args=[secret]))
