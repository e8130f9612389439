"""`manage.py retention`: remove what may no longer be kept; it runs by itself once a day."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.clock import now
from market.services.retention import remove_what_is_over


class Command(BaseCommand):
    help = "Removes what may no longer be kept: readings after 13 months, events after 6 years."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say how much would go.")

    def handle(self, *args: Any, **options: Any) -> None:
        for one in remove_what_is_over(at=now(), dry=options["dry_run"]):
            self.stdout.write(f"{one.number:>9} {one.what}")
