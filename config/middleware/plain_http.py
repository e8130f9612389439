"""Machines are told when they speak without encryption; people are led on to the encrypted page."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

PROBLEM = {
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
    "detail": "The API is spoken to by https only. Write https:// in the address, and get a new token: "
    "this one went over the wire for everybody to read.",
}


# What people read, and are led on to.
PAGES = "/api/v1/docs"


class NoPlainApi:
    """A redirect would hide that a token was sent in the clear, every time anew."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for_machines = request.path.startswith("/api/") and not request.path.startswith(PAGES)
        if settings.SECURE_SSL_REDIRECT and for_machines and not request.is_secure():
            return JsonResponse(PROBLEM, status=403, content_type="application/problem+json")
        return self.get_response(request)
