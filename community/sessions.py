"""Sessions end by themselves: after two weeks, and after half a day of silence for those who see much."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from community.access import member_or_none
from community.roles import sees_others

IDLE_S = 12 * 3600
# How often a session that is in use is written for that alone.
NOTED_EVERY_S = 300
_SEEN, _BEGAN = "seen_at", "began_at"


class IdleSessions:
    """Ends what those who see much left alone for twelve hours, and everything two weeks after its login."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A visitor without a session has no cookie to look up; nothing is asked of the database.
        if request.COOKIES and request.user.is_authenticated:
            now = int(time.time())
            seen_at, began_at = request.session.get(_SEEN, now), request.session.get(_BEGAN, now)
            # Every use puts a session's end off, so that its age has to be asked for apart.
            is_over = now - began_at > settings.SESSION_COOKIE_AGE
            if is_over or (now - seen_at > IDLE_S and self._sees_much(request)):
                logout(request)
            elif _SEEN not in request.session or now - seen_at > NOTED_EVERY_S:
                request.session[_SEEN] = now
                request.session.setdefault(_BEGAN, now)
        return self.get_response(request)

    @staticmethod
    def _sees_much(request: HttpRequest) -> bool:
        member = member_or_none(request)
        return bool(getattr(request.user, "is_staff", False)) or (member is not None and sees_others(member.role))
