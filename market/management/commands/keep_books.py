"""`manage.py keep_books`: settle whatever is due and close complete months, without Celery."""

import select
import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from community.models import Community
from config.clock import now
from market.services.closing import close_due_months
from market.services.settle import settle_due
from metering.models import Upload

PAUSE_S = 0.5


class Command(BaseCommand):
    help = "Settles delivered slots and closes complete months of every community."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--until-closed",
            action="store_true",
            help="Go on, at the pace of arriving readings, until standard input is closed.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["until_closed"]:
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit = off")
            while not _is_closed():
                delivered = _last_delivery()
                if delivered is not None:
                    _settle_all(delivered)
        _settle_all(now())
        for community in Community.objects.order_by("pk"):
            close_due_months(community=community, at=now())


def _settle_all(at: datetime) -> None:
    for community in Community.objects.order_by("pk"):
        while settle_due(community=community, at=at):
            pass


def _last_delivery() -> datetime | None:
    """The instant of the newest upload: the past that is being lived through has come that far."""
    return Upload.objects.order_by("-received_at").values_list("received_at", flat=True).first()


def _is_closed() -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], PAUSE_S)
    return bool(readable) and not sys.stdin.buffer.read(1)
