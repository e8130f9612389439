"""The bell: who decides that work is due rings for it, a page that waits for an answer too.

PostgreSQL says what is due, so a ring that nobody heard costs a while and nothing else.
"""

import logging
from collections.abc import Iterable
from typing import Any

from celery import Task
from kombu.exceptions import OperationalError as BrokerAway

from config.celery import app

logger = logging.getLogger(__name__)
# Whoever opened the page has made a first change by then, or makes none.
PREPARING_S = 120.0


def ring(task: "Task[Any, None]", due: Iterable[dict[str, Any]], seconds: float) -> None:
    """Ring once for each, over one connection. A ring that nobody heard in so many `seconds` is void."""
    with app.producer_or_acquire() as producer:
        for given in due:
            task.apply_async(kwargs=given, expires=seconds, producer=producer)


def ring_studio() -> None:
    """Ask workers to look for months that nobody has lived. By name: a web process never loads the solver."""
    try:
        app.send_task("market.tasks.tick_studio")
    except BrokerAway:
        logger.exception("Nobody was rung for the studio: the broker is away")


def ring_to_prepare(household_id: int, *, quick: bool) -> None:
    """Ask a worker to put together what a home's changes of its rules are answered from.

    Nobody misses it: without it the first change is answered later.
    """
    try:
        given = {"household_id": household_id, "quick": quick}
        app.send_task("market.tasks.prepare_yesterday", kwargs=given, expires=PREPARING_S)
    except BrokerAway:
        logger.exception("Nobody was rung to prepare a day: the broker is away")
