"""`manage.py ledger_fsck`: ask every rule of the ledger of the tables and of the log."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from community.models import Community
from market.queries.fsck import faults


class Command(BaseCommand):
    help = "Checks that the books balance and that the log holds what the tables say; exits with 1 if not."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Name every fault of every community."""
        found = 0
        for community in Community.objects.order_by("pk"):
            for fault in faults(community):
                found += 1
                self.stdout.write(f"{community.slug}: {fault}")
        if found:
            raise CommandError(f"{found} rules do not hold.")
        self.stdout.write("All rules hold.")
