"""Whose rows this work may touch: PostgreSQL is told before each statement and shows no others (config/walls.py).

A page or a call of the API begins with nobody's rows. Once it is known who asks, it is settled on that community
for the rest of the request. A task says whose it is. What concerns all communities says so with `across_all`; who
may is listed in `tests/security/test_walls.py`.

Whose request it is, is told apart (config/person_walls.py): a person's own logins and pilots are shown to nobody
else. Who asks is found `at_the_door`, among all logins and nothing else.

The scope lives in the context of the work, not in the connection: a connection (`config/walled`) is told of it
whenever it was told another one last. So nothing that one request leaves behind can be found by the next.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, StreamingHttpResponse

NOBODY, ALL = "", "*"
# Pages of who has come in that ask about others' logins: whether an address is free, whose a link of a mail is.
LOOKS_FOR_OTHERS = frozenset({
    "account_email", "account_confirm_email", "account_reset_password", "account_reset_password_from_key",
})  # fmt: skip


class AnotherCommunity(Exception):
    """A request that is settled on one community was to be settled on another one."""


@dataclass(slots=True)
class _Request:
    """The scope of one request; it begins with nobody's rows."""

    scope: str = NOBODY
    person: str = NOBODY


_block: ContextVar[str | None] = ContextVar("block", default=None)
_as: ContextVar[str | None] = ContextVar("as", default=None)
_request: ContextVar[_Request | None] = ContextVar("request", default=None)
_outside = NOBODY


def scope() -> str:
    """What PostgreSQL is to be told now: a community's number, `ALL` or `NOBODY`."""
    block = _block.get()
    if block is not None:
        return block
    request = _request.get()
    return _outside if request is None else request.scope


def person() -> str:
    """Whom PostgreSQL is to be told: a user's number, `ALL` at the door, or `NOBODY`."""
    block = _as.get()
    if block is not None:
        return block
    request = _request.get()
    return NOBODY if request is None else request.person


@contextmanager
def within(community_id: int | None) -> Iterator[None]:
    """One community's rows, and those that are everybody's; None for the latter alone."""
    yield from _entered(_block, NOBODY if community_id is None else str(community_id))


@contextmanager
def across_all() -> Iterator[None]:
    """All communities' rows: to find out whose something is, and for what concerns all of them."""
    yield from _entered(_block, ALL)


@contextmanager
def at_the_door() -> Iterator[None]:
    """Logins of all people, and no more of any community: to find out who asks, and to let them in."""
    yield from _entered(_as, ALL)


@contextmanager
def of_person(user_id: int | None) -> Iterator[None]:
    """One person's logins and pilots, for work that no request of theirs waits for."""
    yield from _entered(_as, NOBODY if user_id is None else str(user_id))


def _entered(what: ContextVar[str | None], wanted: str) -> Iterator[None]:
    token = what.set(wanted)
    try:
        yield
    finally:
        what.reset(token)


def settle_on(community_id: int) -> None:
    """From here on the request is that community's; outside of requests nothing. Raises `AnotherCommunity`."""
    request, wanted = _request.get(), str(community_id)
    if request is None or request.scope == ALL:
        return
    if request.scope not in {NOBODY, wanted}:
        raise AnotherCommunity(f"{request.scope}, not {wanted}")
    request.scope = wanted


def known_as(user_id: int) -> None:
    """From here on the request is that person's; where the door itself answers, it stays the door's."""
    request = _request.get()
    if request is not None and request.person != ALL:
        request.person = str(user_id)


def outside_of_requests(wanted: str) -> None:
    """What holds in this process, in all its threads, where no request, task or block says otherwise."""
    global _outside  # noqa: PLW0603 one process has one answer
    _outside = wanted


def _is_operator(request: HttpRequest) -> bool:
    return request.user.is_active and getattr(request.user, "is_staff", False)


class TenancyMiddleware:
    """A request begins with nobody's rows; the operator's pages show all, to staff, and the door's all logins.

    Which pages those are is the address's first word; whether somebody may open them is decided there, as ever.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = _Request()
        with _in_request(given):
            response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _streamed(iter(response), given)
        return response

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Before the view is called, after everything that says who asks."""
        match, given = request.resolver_match, _request.get()
        if match is None or given is None:
            return None
        if match.func.__module__.startswith("allauth."):
            if match.url_name in LOOKS_FOR_OTHERS or not request.user.is_authenticated:
                given.person = ALL
        elif match.route.startswith("operator/") and _is_operator(request):
            given.scope = ALL
        return None


@contextmanager
def _in_request(given: _Request) -> Iterator[None]:
    block, person_, request = _block.set(None), _as.set(None), _request.set(given)
    try:
        yield
    finally:
        _request.reset(request)
        _as.reset(person_)
        _block.reset(block)


def _streamed(content: Iterator[bytes], given: _Request) -> Iterator[bytes]:
    """What is still made while it is sent, within the scope of its request."""
    while True:
        with _in_request(given):
            try:
                part = next(content)
            except StopIteration:
                return
        yield part
