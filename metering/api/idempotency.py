"""The `Idempotency-Key` header: a call that is repeated after a lost answer gets the answer that was lost."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from metering.models import ApiToken
from metering.services.idempotency import KeyInFlight, KeyOfAnotherCall, once

KEY = "Idempotency-Key"
LONGEST = 255


class InFlight(exceptions.APIException):
    """The same key is being worked on."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "key-in-flight"


class KeyReused(exceptions.APIException):
    """The key belongs to a call with another body."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "key-reused"


def once_by_key(
    request: Request, token: ApiToken, raw: bytes, at: datetime, work: Callable[[], tuple[int, dict[str, Any]]]
) -> Response:
    """`work()`'s answer; with a key, the answer that the same call got within a day, marked as replayed.

    Raises `InFlight`, `KeyReused` and `ValidationError`.
    """
    key = request.headers.get(KEY, "")
    if not key:
        code, body = work()
        return Response(body, status=code)
    if len(key) > LONGEST or not key.isprintable():
        words = _("Send a text of one line, %(most)d characters at most.")
        raise exceptions.ValidationError({KEY: words % {"most": LONGEST}})
    fingerprint = hashlib.sha256(request.get_full_path().encode() + b"\n" + raw).hexdigest()
    try:
        (code, body), replayed = once(token=token, key=key, fingerprint=fingerprint, at=at, work=work)
    except KeyInFlight as error:
        raise InFlight(_("A call with this key is on its way: wait for its answer.")) from error
    except KeyOfAnotherCall as error:
        raise KeyReused(_("This key was used for another call: take a new one.")) from error
    return Response(body, status=code, headers={"Idempotent-Replayed": "true"} if replayed else None)
