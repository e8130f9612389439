"""Every error of the API as RFC 9457 `application/problem+json`."""

import logging
from collections.abc import Sequence
from math import ceil
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from community.services.homes import HomeChangedHands
from config.middleware.busy import RETRY_S, ROOM_RETRY_S, is_busy, is_full
from metering.plausibility import Doubt
from metering.services.readings import RowError

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"


class ProblemRenderer(JSONRenderer):
    """JSON under the media type of a problem."""

    media_type = CONTENT_TYPE


class BadJson(exceptions.APIException):
    """The body is not strict JSON."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "not-json"


class Busy(exceptions.APIException):
    """Somebody else is at the same meter, and has been for longer than we wait."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "busy"
    wait = RETRY_S

    def __init__(self) -> None:
        super().__init__(_("This is being changed by somebody else. Send it again in a moment."))


class NoRoom(exceptions.APIException):
    """The site's disk is full; nothing was stored."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "no-room"
    wait = ROOM_RETRY_S

    def __init__(self) -> None:
        super().__init__(_("There is no room left on the site's disk: nothing was stored. Send it again later."))


class TooLarge(exceptions.APIException):
    """The body or its number of rows is over the limit, which the message names."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too-large"


class RowsRefused(exceptions.APIException):
    """Rows were refused and nothing was stored; `errors` names each row, field and cure."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "rows-refused"

    def __init__(self, errors: Sequence[RowError], refused: int, collection: str) -> None:
        super().__init__(
            ngettext(
                "%(refused)d row was refused; nothing was stored. Mend it and send all again.",
                "%(refused)d rows were refused; nothing was stored. Mend them and send all again.",
                refused,
            )
            % {"refused": refused}
        )
        self.errors = told(errors, collection)


def told(errors: Sequence[RowError], collection: str) -> list[dict[str, Any]]:
    """Row errors as the API says them."""
    return [
        {
            "row": error.row,
            "pointer": f"/{collection}/{error.row}" + (f"/{error.field}" if error.field else ""),
            "code": error.code,
            "message": error.message,
        }
        for error in errors
    ]


DOUBTS = {
    "above-fuse": gettext_lazy("More than the contracted power lets through: is the unit right?"),
    "unexpected-export": gettext_lazy(
        "Energy given, but nothing there generates or stores any: are the channels swapped?"
    ),
    "night-solar": gettext_lazy("Solar energy at night: is the clock right?"),
    "stuck": gettext_lazy("The same value for a day and more: does the meter hang?"),
}


def doubts_told(doubts: Sequence[Doubt]) -> list[dict[str, Any]]:
    """Doubts as the API says them."""
    return [
        {"code": doubt.code, "message": str(DOUBTS[doubt.code]), "row": doubt.first, "count": doubt.count}
        for doubt in doubts
    ]


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: the same errors, one shape. Unknown errors are left to Django's 500."""
    if is_busy(error):
        logger.warning("A lock was waited for in vain", exc_info=error)
        error = Busy()
    elif is_full(error):
        logger.error("There is no room left on a disk", exc_info=error)
        error = NoRoom()
    elif isinstance(error, HomeChangedHands):
        error = Http404()  # the token ended with the membership, while its call was on its way
    response = exception_handler(error, context)
    if response is None:
        return None
    set_rollback()
    code, detail = _words(error, response)
    problem: dict[str, Any] = {
        "type": f"urn:azotea:problem:{code}",
        "title": response.status_text,
        "status": response.status_code,
        "detail": detail,
        "code": code,
    }
    if isinstance(error, RowsRefused):
        problem["errors"] = error.errors
    response.data = problem
    response.content_type = CONTENT_TYPE
    return response


def _words(error: Exception, response: Response) -> tuple[str, str]:
    if isinstance(error, Http404):
        return "not-found", _("There is nothing here that your token may see.")
    if isinstance(error, exceptions.ValidationError):
        return "invalid", "; ".join(_flat(error.detail))
    if isinstance(error, exceptions.APIException):
        return str(error.get_codes()), _framework_words(error) or str(error.detail)
    return "refused", str(response.status_text)


def _framework_words(error: exceptions.APIException) -> str | None:
    """What the framework has no words for in every language of the site."""
    if isinstance(error, exceptions.NotAuthenticated):
        return _("The call needs a token: send it as “Authorization: Bearer azt_…”.")
    if isinstance(error, exceptions.NotAcceptable):
        return _("There is no answer here in any type that “Accept” names.")
    if isinstance(error, exceptions.MethodNotAllowed):
        return _("This method is not for this address.")
    if isinstance(error, exceptions.Throttled):
        wait = ceil(getattr(error, "wait", None) or 0)
        words = ngettext(
            "Too many calls: again in %(wait)d second.", "Too many calls: again in %(wait)d seconds.", wait
        )
        return words % {"wait": wait}
    return None


def _flat(detail: Any, name: str = "") -> list[str]:
    if isinstance(detail, dict):
        return [line for key, value in detail.items() for line in _flat(value, str(key))]
    if isinstance(detail, list):
        return [line for value in detail for line in _flat(value, name)]
    return [f"{name}: {detail}" if name else str(detail)]
