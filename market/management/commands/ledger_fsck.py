"""`manage.py ledger_fsck`: ask every rule of the ledger of the tables and of the log."""

from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from community.models import Community
from market.queries.again import unlike
from market.queries.fsck import faults
from market.services.solvers import solver


class Command(BaseCommand):
    help = "Checks that the books balance and that the log holds what the tables say; exits with 1 if not."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--again` works everything out anew, which takes about as long as it took at the time."""
        parser.add_argument(
            "--again",
            action="store_true",
            help="Also clear and settle all slots again (I12). Slots from before the street was described "
            "otherwise are named too.",
        )

    def handle(self, *_args: Any, again: bool = False, **_options: Any) -> None:
        """Name every fault of every community."""
        found = 0
        for community in Community.objects.order_by("pk"):
            found_now = chain(faults(community), unlike(community, solver()) if again else ())
            for fault in found_now:
                found += 1
                self.stdout.write(f"{community.slug}: {fault}")
        if found:
            raise CommandError(f"{found} rules do not hold.")
        self.stdout.write("All rules hold.")
