"""The page behind an invitation's link."""

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from community.forms import JoinForm, ReturnForm
from community.models import Invitation, User
from community.pages import page
from community.services import invitations, members
from config import clock
from config.tenancy import across_all, within


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Let an invited neighbour in: a new login, or the one that the e-mail address has already."""
    try:
        with across_all():
            invitation = members.find_invitation(secret=secret, at=clock.now())
    except members.InvitationProblem:
        return page(request, "community/join.html", {"invitation": None}, status=410)
    if request.method == "GET":
        with within(invitation.community_id):
            invitations.note_seen(invitation=invitation, at=clock.now())
    known = User.objects.filter(email=invitation.email).exists()
    data = request.POST or None
    form = ReturnForm(data) if known else JoinForm(data, email=invitation.email, initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        try:
            return _let_in(request, secret, invitation, form.cleaned_data)
        except members.InvitationProblem as problem:
            form.add_error("password", _problem(problem.code))
    context = {"invitation": invitation, "form": form}
    return page(request, "community/join.html", context, status=422 if form.errors else 200)


def _let_in(request: HttpRequest, secret: str, invitation: Invitation, given: dict[str, str]) -> HttpResponse:
    with within(invitation.community_id):
        member = members.accept(
            secret=secret, name=given.get("name", ""), password=given["password"], at=clock.now()
        )
    messages.success(request, _("Welcome. Set your rules once; from then on your agent trades for you."))
    to = reverse("mandate" if invitation.household_id else "community-day")
    # By the same stages as at the door: whoever has a second factor shows it here, too.
    entry = Login(user=member.user, redirect_url=to, email=member.user.email)
    answer: HttpResponse = perform_password_login(request, {"email": member.user.email}, entry)
    return answer


def _problem(code: str) -> str:
    return {
        "wrong-password": _("That is not the password of this e-mail's login."),
        "home-taken": _("Somebody else looks after this home by now. Ask the administrator."),
    }.get(code, _("This invitation has just been used or withdrawn. Ask for a new one."))
