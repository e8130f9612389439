"""`manage.py sign_heads`: the signer, a process with a user and a directory of its own."""

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from community.models import Community
from config.clock import now
from market.ledger.guard import Guard
from market.services.log import sign_head

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Signs the heads of all communities' logs; refuses a log that did not grow from what was signed before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, default=0.0, help="Seconds between two looks; 0: look once.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Look at every log, again and again if asked."""
        stop = threading.Event()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        keeper = Guard(settings.SIGNER_DIR)
        while True:
            try:
                sign_all(keeper)
            except OperationalError:
                logger.exception("The database is away; heads are signed when it is back")
                close_old_connections()
            if not options["every"] or stop.wait(options["every"]):
                return


def sign_all(keeper: Guard) -> int:
    """Sign every log that grew; how many."""
    heads = [sign_head(community=one, keeper=keeper, at=now()) for one in Community.objects.order_by("pk")]
    return sum(head is not None for head in heads)
