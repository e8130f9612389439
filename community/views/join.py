"""The page behind an invitation's link."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from community.forms import JoinForm, ReturnForm
from community.models import Invitation, User
from community.pages import page
from community.services import members
from config import clock


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Let an invited neighbour in: a new login, or the one that the e-mail address has already."""
    try:
        invitation = members.find_invitation(secret=secret, at=clock.now())
    except members.InvitationProblem:
        return page(request, "community/join.html", {"invitation": None}, status=410)
    known = User.objects.filter(email=invitation.email).exists()
    data = request.POST or None
    form = ReturnForm(data) if known else JoinForm(data, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        try:
            return _let_in(request, secret, invitation, form.cleaned_data)
        except members.InvitationProblem as problem:
            form.add_error("password", _problem(problem.code))
    context = {"invitation": invitation, "form": form}
    return page(request, "community/join.html", context, status=422 if form.errors else 200)


def _let_in(request: HttpRequest, secret: str, invitation: Invitation, given: dict[str, str]) -> HttpResponse:
    member = members.accept(secret=secret, name=given.get("name", ""), password=given["password"], at=clock.now())
    login(request, member.user, backend="django.contrib.auth.backends.ModelBackend")
    messages.success(request, _("Welcome. Set your rules once; from then on your agent trades for you."))
    return redirect("mandate" if invitation.household_id else "community-day")


def _problem(code: str) -> str:
    return {
        "wrong-password": _("That is not the password of this e-mail's login."),
        "home-taken": _("Somebody else looks after this home by now. Ask the administrator."),
    }.get(code, _("This invitation has just been used or withdrawn. Ask for a new one."))
