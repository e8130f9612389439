"""The bell for pilots: a page that was asked for one rings, and the sweep finds what nobody heard."""

import logging

from kombu.exceptions import OperationalError as BrokerAway

from config.celery import app

logger = logging.getLogger(__name__)


def ring_studio() -> None:
    """Ask workers to look for months that nobody has lived. By name: a web process never loads the solver."""
    try:
        app.send_task("market.tasks.tick_studio")
    except BrokerAway:
        logger.exception("Nobody was rung for the studio: the broker is away")
