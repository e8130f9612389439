"""How often somebody may open pages and send forms in a minute: more than people do, less than machines could."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis.exceptions import RedisError

from community.limits import within
from config.middleware.client_address import counted_address

logger = logging.getLogger(__name__)
A_MINUTE_S = 60
# A form is worth that many pages: it changes something.
FORM_SHARE = 5
# The API has limits of its own; a witness fetches a log's tiles by the thousand, and watchmen ask all the time.
ELSEWHERE = ("/api/", "/log/", "/health/", "/metrics", "/static/")


class PageLimits:
    """429 with `Retry-After` for whoever goes beyond. If the store is away, all may go on.

    Who is logged in is counted by account, so that neighbours behind one address do not count for each other;
    others by address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.PAGES_PER_MINUTE or request.path.startswith(ELSEWHERE) or self._may(request):
            return self.get_response(request)
        response = render(request, "429.html", {"pages": True}, status=429)
        response.headers["Retry-After"] = str(A_MINUTE_S)
        return response

    @staticmethod
    def _may(request: HttpRequest) -> bool:
        reads = request.method in {"GET", "HEAD", "OPTIONS"}
        most = settings.PAGES_PER_MINUTE if reads else max(settings.PAGES_PER_MINUTE // FORM_SHARE, 1)
        known = request.user.is_authenticated if request.COOKIES else False
        whom = f"user:{request.user.pk}" if known else f"address:{counted_address(request)}"
        try:
            may = within("pages" if reads else "forms", whom, most=most, seconds=A_MINUTE_S)
        except RedisError:
            return True
        if not may:
            logger.warning("More than %s %s a minute", most, "pages" if reads else "forms")
        return may
