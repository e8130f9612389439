"""The page behind an invitation's link."""

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.decorators import rate_limit
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from community.accounts import LoginForm
from community.forms.people import JoinForm, ReturnForm
from community.models import Invitation, Member, User
from community.pages import page
from community.services import invitations, members
from config import clock
from config.tenancy import across_all, at_the_door, within


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="login")  # type: ignore[untyped-decorator]
@at_the_door()
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
    form = _form(request, invitation)
    if request.method == "POST" and form.is_valid():
        try:
            answer = _answer(request, secret, invitation, form)
            if answer is not None:
                return answer
        except members.InvitationProblem as problem:
            form.add_error(None, _problem(problem.code))
    context = {"invitation": invitation, "form": form}
    return page(request, "community/join.html", context, status=422 if form.errors else 200)


def _form(request: HttpRequest, invitation: Invitation) -> forms.Form:
    """What is still to be told: nothing by who came in already, a password, or all of a new login."""
    data = request.POST if request.method == "POST" else None
    known = _invited(invitation)
    if known is None:
        home = invitation.household
        place = [invitation.community.name, *([home.name] if home else [])]
        return JoinForm(data, email=invitation.email, place=place, initial={"name": invitation.name})
    return forms.Form(data) if request.user == known else ReturnForm(data)


def _answer(request: HttpRequest, secret: str, invitation: Invitation, form: forms.Form) -> HttpResponse | None:
    """Where somebody goes on who came in; None with the reason among the form's errors."""
    given = form.cleaned_data
    if isinstance(form, ReturnForm):
        answer = _by_the_door(request, invitation, form)
        if answer is None or request.user != _invited(invitation):
            return answer  # what else the door asks leads back to this page
    to, welcome = _first_page(invitation)
    is_new = isinstance(form, JoinForm)
    person = {"name": given["name"], "password": given["password"]} if is_new else {"user": request.user}
    with within(invitation.community_id):
        member = members.accept(secret=secret, at=clock.now(), **person)
    messages.success(request, welcome)
    if not is_new:
        return redirect(to)
    entry = Login(user=member.user, redirect_url=to, email=member.user.email)
    entered: HttpResponse = perform_password_login(request, {"email": member.user.email}, entry)
    return entered


def _first_page(invitation: Invitation) -> tuple[str, str]:
    """Where somebody goes first, and the words that they are met with: what is theirs to do comes first."""
    if invitation.household_id:
        return reverse("mandate"), _("Welcome. Set your rules once; from then on your agent trades for you.")
    if invitation.role in {Member.Role.ADMIN, Member.Role.OWNER}:
        return reverse("members"), _("Welcome. The way to the first settlement begins here.")
    return reverse("community-day"), _(
        "Welcome. This is your street; a home of yours comes with your administrator."
    )


def _by_the_door(request: HttpRequest, invitation: Invitation, form: ReturnForm) -> HttpResponse | None:
    """Log in as at the door, by its own form: a guess here counts there, by account and by address."""
    typed = {"username": invitation.email, "password": form.cleaned_data["password"]}
    door = LoginForm(typed, request=request)
    if not door.is_valid():
        for error in door.errors.as_data().get("__all__", []):
            mismatch = error.code == "email_password_mismatch"
            form.add_error(
                "password", _("That is not the password of this e-mail's login.") if mismatch else error
            )
        return None
    answer: HttpResponse = door.login(request, redirect_url=request.path)
    return answer


def _invited(invitation: Invitation) -> User | None:
    """Whose login the invited address is."""
    return User.objects.filter(email=invitation.email).first()


def _problem(code: str) -> str:
    return {
        "has-login": _("You have a login with this e-mail already."),
        "home-taken": _("Somebody else looks after this home by now. Ask the administrator."),
    }.get(code, _("This invitation has just been used or withdrawn. Ask for a new one."))
