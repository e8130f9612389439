"""The largest body that any door takes: more is refused before it is written to a disk."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

MOST_MIB = 64
SLACK = 2**20  # what a form adds to its file


class BodyLimit:
    """Answers 413 to a body whose length says that no door takes it. Without a length nothing is read at all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and (len(length) > 12 or int(length) > MOST_MIB * 2**20 + SLACK):
            words = _("At most %(most)d MiB fit in one upload: pack or split it.") % {"most": MOST_MIB}
            return HttpResponse(words, status=413, content_type="text/plain; charset=utf-8")
        return self.get_response(request)
