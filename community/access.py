"""Whose pages these are: the one way from a request to a member, what it may do, and its household."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from community.datebar import parse_day, parse_month
from community.models import Household, Member
from community.roles import Can, NotAllowed, may
from community.services.homes import HomeChangedHands
from config.tenancy import across_all, settle_on


class SecondFactorNeeded(PermissionDenied):
    """Only a password guards this account, and what was asked for shows others' data or money."""


class LooksAfterNone(Http404):
    """The page is about a home of one's own, and this member looks after none yet."""


def member_or_none(request: HttpRequest) -> Member | None:
    """The logged-in user's membership, or None for visitors and users without a community."""
    if not request.user.is_authenticated:
        return None
    if not hasattr(request, "_azotea_member"):
        with across_all():
            found = (
                Member.objects.filter(user_id=request.user.pk, left_at__isnull=True)
                .select_related("community", "user")
                .order_by("joined_at", "pk")
                .first()
            )
        if found is not None:
            settle_on(found.community_id)
        request._azotea_member = found  # type: ignore[attr-defined]
    member: Member | None = request._azotea_member  # type: ignore[attr-defined]
    return member


def member_of(request: HttpRequest) -> Member:
    """The member who is asking. Raises `PermissionDenied` for a user without a community."""
    member = member_or_none(request)
    if member is None:
        raise PermissionDenied("This user belongs to no community.")
    return member


def member_or_former(request: HttpRequest) -> Member:
    """As `member_of`, or of whoever belongs to no community any more the membership that ended last.

    For pages about nobody but oneself.
    """
    member = member_or_none(request)
    if member is None and request.user.is_authenticated:
        with across_all():
            ended = Member.objects.filter(user_id=request.user.pk).select_related("community", "user")
            member = ended.order_by("-left_at", "-pk").first()
        if member is not None:
            settle_on(member.community_id)
    if member is None:
        raise PermissionDenied("This user belongs to no community.")
    return member


def allowed(request: HttpRequest, can: Can) -> Member:
    """The member who is asking and may do this. Raises `PermissionDenied`, and `SecondFactorNeeded`."""
    member = member_of(request)
    if not may(member, can):
        raise PermissionDenied("Your part in the community does not include this.")
    if not _is_guarded(member.user):
        raise SecondFactorNeeded
    return member


def empowered(member: Member, can: Can) -> bool:
    """Whether the member may do this now, for pages that are open to residents, too.

    Whose role includes it but whose account a password alone guards sees there what a resident sees.
    """
    return may(member, can) and _is_guarded(member.user)


def _is_guarded(user: Any) -> bool:
    return not settings.SECOND_FACTOR_REQUIRED or is_mfa_enabled(user)


def homes_of(request: HttpRequest) -> list[Household]:
    """The asking member's homes, the first first; a request asks for them once."""
    if not hasattr(request, "_azotea_homes"):
        member = member_of(request)
        homes = list(Household.objects.filter(member=member).order_by("pk"))
        for home in homes:
            if home.community_id == member.community_id:
                home.community = member.community  # it is there already
        request._azotea_homes = homes  # type: ignore[attr-defined]
    found: list[Household] = request._azotea_homes  # type: ignore[attr-defined]
    return found


def household_of(request: HttpRequest) -> Household:
    """The asking member's home: the one named by `?home=`, else the first.

    Raises `LooksAfterNone` for a member without one, and `Http404` if none of the member's is meant.
    """
    homes, wanted = homes_of(request), request.GET.get("home", "")
    if not homes and not wanted:
        raise LooksAfterNone
    if wanted.isdecimal():
        # Longer than any key is the number of no home; Python would not even read it.
        homes = [home for home in homes if home.pk == int(wanted[:20])]
    if not homes or _asks_before(request, homes[0]):
        raise Http404("No home of yours was found, or not at that time.")
    return homes[0]


def _asks_before(request: HttpRequest, home: Household) -> bool:
    """Whether the address asks for a time at which somebody else looked after the home."""
    if home.records_from is None:
        return False
    since = home.own_since
    match = request.resolver_match
    asked = match.kwargs if match else {}
    if "start" in asked and isinstance(asked["start"], datetime):
        return asked["start"] < home.records_from
    if "year" in asked and "month" in asked:
        return (asked["year"], asked["month"], 1) < (since.year, since.month, since.day)
    days = [parse_day(request.GET.get("d"), since)]
    if "m" in request.GET:
        days.append(parse_month(request.GET["m"], since))
    return min(days) < since


def operator_may(request: HttpRequest) -> bool:
    """Whether the operator's pages open; never with a password alone. Raises `SecondFactorNeeded`."""
    user = request.user
    if not (user.is_active and getattr(user, "is_staff", False)):
        return False
    if not _is_guarded(user):
        raise SecondFactorNeeded
    return True


def operators_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the operator outside Django's own: the same door, and the same second factor."""

    @staff_member_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        operator_may(request)
        return view(request, *args, **kwargs)

    return guarded


def shown_lately(request: HttpRequest) -> bool:
    """Whether whoever asks showed a password, a code or a key in the last quarter of an hour."""
    records = get_authentication_records(request, request.user)
    newest = max((record["at"] for record in records), default=0.0)
    return time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def shown_by(request: HttpRequest) -> str:
    """How whoever asks showed who it is, the last time: "password", "code" (a second factor's) or "key"."""
    records = get_authentication_records(request, request.user)
    newest = max(records, key=lambda record: float(record["at"]), default={"method": "password"})
    if newest.get("method") != "mfa":
        return "password"
    return "key" if newest.get("type") == "webauthn" else "code"


def freshly_authenticated(request: HttpRequest, *, keep: bool = False) -> None:
    """Pass only whoever showed a password, a code or a key in the last quarter of an hour.

    Others are asked for it and come back to the page. What they sent is carried on then if it may be kept in
    the session meanwhile; an account's number may not, and has to be typed again.
    """
    if shown_lately(request):
        return
    if request.method == "POST" and not keep:
        messages.info(request, _("The page was open for long. Nothing was changed yet: please fill it in again."))
        request.method = "GET"
    raise ReauthenticationRequired


class WaysIn:
    """Turns what stands between somebody and a page into the page where it can be settled."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A missing second factor leads to where it is set up; without the store of limits nobody is let in.

        Who looks after no home is told so by a page, instead of that there is none; to whoever left while a form
        was on its way there is no such page, and whose power was taken meanwhile is refused as everybody without.
        """
        if isinstance(exception, SecondFactorNeeded):
            messages.warning(
                request,
                _("Your part in the community shows others' data or money. Set up a second factor first."),
            )
            return redirect("mfa_index")
        if isinstance(exception, LooksAfterNone):
            # A file, or a form that was sent, has no page in its place.
            asked_to_look = request.method in {"GET", "HEAD"} and request.path.endswith("/")
            return render(request, "community/no_home.html", status=200 if asked_to_look else 404)
        if isinstance(exception, NotAllowed):
            return render(request, "403.html", status=403)
        if isinstance(exception, HomeChangedHands):
            return render(request, "404.html", status=404)
        if isinstance(exception, RedisError):
            return render(request, "503.html", {"limits_away": True}, status=503)
        return None
