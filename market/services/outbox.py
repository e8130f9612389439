"""The outbox: what has to be told outside is written down first, and done by a sweep that nobody waits for.

A message is done at least once: a worker that dies after the other side took it tells it again. Workers share the
messages (SKIP LOCKED). One that fails is tried again with growing patience and parked in the end; others go on.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction

from market.models import OutboxMessage

logger = logging.getLogger(__name__)
MOST_ATTEMPTS = 8
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=6)
MOST_A_SWEEP = 40

# Does what a message says; None if that was all, or after how long it has to be looked at again.
Handler = Callable[[Mapping[str, Any], datetime], timedelta | None]


def put(*, topic: str, key: str, payload: Mapping[str, Any], at: datetime) -> bool:
    """Write down what has to be told; whether it was not yet."""
    _message, made = OutboxMessage.objects.get_or_create(
        key=key, defaults={"topic": topic, "payload": dict(payload), "made_at": at, "next_at": at}
    )
    return made


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many failures.

    >>> [str(pause_after(n)) for n in (1, 2, 8)]
    ['0:05:00', '0:10:00', '6:00:00']
    """
    return min(FIRST_PAUSE * (1 << attempts - 1), LONGEST_PAUSE)


def sweep(handlers: Mapping[str, Handler], *, at: datetime, more: Callable[[], bool] = lambda: True) -> int:
    """Do what is due and has a handler, oldest first, as long as `more` says so; how many messages were looked at.

    Others that are slow must not keep a worker beyond its time: what is left is done by the next sweep.
    """
    for count in range(MOST_A_SWEEP):
        if not (more() and _one(handlers, at)):
            return count
    return MOST_A_SWEEP


@transaction.atomic
def _one(handlers: Mapping[str, Handler], at: datetime) -> bool:
    due = OutboxMessage.objects.filter(state=OutboxMessage.State.WAITING, next_at__lte=at, topic__in=handlers)
    message = due.select_for_update(skip_locked=True).order_by("next_at", "pk").first()
    if message is None:
        return False
    try:
        with transaction.atomic():
            again = handlers[message.topic](message.payload, at)
    except OperationalError:
        # The database's own trouble is not the message's.
        raise
    except Exception as error:
        # Whatever is the matter with one message, the others must not wait for it.
        logger.warning("%s could not be told: %s", message.key, error, exc_info=not str(error))
        _failed(message, error, at)
    else:
        message.last_error, message.attempts = "", 0
        if again is None:
            message.state = OutboxMessage.State.DONE
        else:
            message.next_at = at + again
    message.save()
    return True


def _failed(message: OutboxMessage, error: Exception, at: datetime) -> None:
    message.attempts += 1
    message.last_error = f"{type(error).__name__}: {error}"[:300]
    message.next_at = at + pause_after(message.attempts)
    if message.attempts >= MOST_ATTEMPTS:
        message.state = OutboxMessage.State.PARKED
        logger.error("%s is given up after %s attempts: %s", message.key, message.attempts, message.last_error)
