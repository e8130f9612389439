"""What happens at the doors, as lines of the log: who came in, who was not let in, what was refused to whom."""

import hmac
import logging
from collections.abc import Callable, Mapping

from allauth.account.authentication import get_authentication_records
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config.logs import about
from config.middleware.client_address import present_network

logger = logging.getLogger(__name__)
# Names of the pages that let people in or change how they come in.
DOORS = ("login", "logout", "accept-invitation", "account_", "mfa_", "usersessions_")
TYPED = ("username", "email")
REFUSED = frozenset({401, 403, 413, 429})


class DoorLog:
    """A line for each form sent to a door and for each refusal, and a new session for who shows a proof again.

    A line says what came of it, by which page, for which user (a number) and from which network. Of an address
    that was typed it bears a keyed hash, so that tries at one account are seen to be that.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asks = request.method == "POST" and bool(request.COOKIES)  # without any, there is no session to look up
        before = (request.user.pk, _proofs(request)) if asks else (None, 0)
        response = self.get_response(request)
        name = request.resolver_match.view_name if request.resolver_match else ""
        if request.method == "POST" and name.startswith(DOORS):
            user, proofs = request.user.pk, _proofs(request)
            shown_again = user is not None and user == before[0] and proofs > before[1]
            if shown_again:
                _renew(request)
            _tell(
                _outcome(before[0], user, shown_again, response),
                name,
                user or before[0],
                _typed(request, response),
            )
        elif response.status_code in REFUSED:
            # Whoever has no cookie is nobody; asking for them would look up a session.
            _tell("refused", name, request.user.pk if request.COOKIES else None, "")
        return response


def _proofs(request: HttpRequest) -> int:
    """How many times a password, code or key was shown in this session."""
    return len(get_authentication_records(request, request.user)) if request.user.is_authenticated else 0


def _renew(request: HttpRequest) -> None:
    """Whoever learned the session's key before does not profit from what was shown now."""
    old = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(user=request.user, session_key=old).update(session_key=request.session.session_key)


def _outcome(before: int | None, after: int | None, shown_again: bool, response: HttpResponse) -> str:
    if before != after:
        return "left" if after is None else "came in"
    if shown_again:
        return "shown again"
    # A form that is shown again was not taken; one that was leads on.
    return "done" if 300 <= response.status_code < 400 else "refused"


def _typed(request: HttpRequest, response: HttpResponse) -> str:
    """The address that was typed, as a hash; nothing where the form could not be read."""
    form: Mapping[str, str] = {} if response.status_code in {400, 413, 429} else request.POST
    word = next((form[name] for name in TYPED if form.get(name)), "")
    pepper = settings.TOKEN_PEPPER.encode()
    return hmac.digest(pepper, b"typed " + word.strip().lower().encode(), "sha256").hex()[:12] if word else ""


def _tell(outcome: str, page: str, user: int | None, typed: str) -> None:
    facts = {"door": outcome, "page": page, "user": user, "network": present_network(), "typed": typed}
    with about(**{name: fact for name, fact in facts.items() if fact}):
        logger.log(logging.WARNING if outcome == "refused" else logging.INFO, "At the door: %s", outcome)
