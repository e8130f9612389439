"""What a caller hears when nothing is broken, yet nothing could be changed: a lock is held, a disk is full."""

import errno
import logging
import sys
from collections.abc import Callable
from contextlib import suppress

import psycopg
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error
from psycopg.errors import DeadlockDetected, DiskFull, LockNotAvailable, SerializationFailure

logger = logging.getLogger(__name__)
# Seconds after which it is worth trying again: somebody's lock, and somebody who makes room.
RETRY_S, ROOM_RETRY_S = 5, 300
GIVEN_UP = (DeadlockDetected, LockNotAvailable, SerializationFailure)
# A quota and a limit of a file's size have no class of their own in PostgreSQL.
NO_ROOM_WORDS = ("could not extend file", "could not write")
NO_ROOM_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def of_postgresql(error: BaseException) -> psycopg.Error | None:
    """What PostgreSQL said; Django does not wrap what goes wrong while rows are copied in."""
    said = error if isinstance(error, psycopg.Error) else error.__cause__
    return said if isinstance(said, psycopg.Error) else None


def is_busy(error: BaseException) -> bool:
    """Whether PostgreSQL gave up for the sake of another transaction, rather than being away or broken."""
    return isinstance(of_postgresql(error), GIVEN_UP)


def is_full(error: BaseException) -> bool:
    """Whether a disk has no room: PostgreSQL's, or that of what is being sent."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM_ERRORS
    said = of_postgresql(error)
    return isinstance(said, DiskFull) or (
        said is not None and (said.diag.message_primary or "").startswith(NO_ROOM_WORDS)
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Django's last word on an error that nobody caught: 503 if there is no room, else 500."""
    error = sys.exception()
    return no_room(request, error) if error is not None and is_full(error) else server_error(request)


def no_room(request: HttpRequest, error: BaseException) -> HttpResponse:
    """503 with `Retry-After`; the transaction was rolled back."""
    logger.error("There is no room left on a disk", exc_info=error)
    for handler in request.upload_handlers:
        with suppress(OSError):  # closing writes what is left, for which there is no room either
            handler.upload_interrupted()
    response = render(request, "503.html", {"no_room": True}, status=503)
    response.headers["Retry-After"] = str(ROOM_RETRY_S)
    return response


class BusyMiddleware:
    """Answers 503 with `Retry-After`; nothing was changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """None leaves every other error to Django's 500."""
        if is_full(error):
            return no_room(request, error)
        if not is_busy(error):
            return None
        logger.warning("A lock was waited for in vain", exc_info=error)
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = str(RETRY_S)
        return response
