"""Calls with an `Idempotency-Key`: the same call twice is done once and answered alike for a day.

As the IETF draft "The Idempotency-Key HTTP Header Field" (httpapi, draft 07) describes it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction

from metering.models import ApiToken, IdempotentAnswer

KEPT = timedelta(hours=24)
Answer = tuple[int, dict[str, object]]


class KeyInFlight(Exception):
    """The same key is being worked on by another call right now."""


class KeyOfAnotherCall(Exception):
    """The key was used for a call with another body or address."""


@transaction.atomic
def once(
    *, token: ApiToken, key: str, fingerprint: str, at: datetime, work: Callable[[], Answer]
) -> tuple[Answer, bool]:
    """`work()`'s answer and False, or the answer kept under the key and True. All of it is one transaction.

    Raises `KeyInFlight` and `KeyOfAnotherCall`; whatever `work` raises leaves the key unused.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"{token.pk} {key}"])
        (mine,) = cursor.fetchone() or (False,)
    if not mine:
        raise KeyInFlight(key)
    IdempotentAnswer.objects.filter(token=token, answered_at__lte=at - KEPT).delete()
    kept = IdempotentAnswer.objects.filter(token=token, key=key).first()
    if kept is not None:
        if kept.fingerprint != fingerprint:
            raise KeyOfAnotherCall(key)
        return (kept.status, kept.body), True
    status, body = work()
    IdempotentAnswer.objects.create(
        token=token, key=key, fingerprint=fingerprint, status=status, body=body, answered_at=at
    )
    return (status, body), False
