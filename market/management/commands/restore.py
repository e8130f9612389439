"""`manage.py restore FILE|DIR`: put a backup into the site's database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from market.services.backup import BadBackup
from market.services.restore import RestoreFailed, restore


class Command(BaseCommand):
    help = "Restores a backup, whole or not at all. Stop all processes of the site before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("backup", type=Path, metavar="FILE|DIR", help="A backup's folder, or a file in it.")
        parser.add_argument("--replace", action="store_true", help="Throw away what the database holds.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Restore it and say what it holds."""
        try:
            manifest = restore(place=options["backup"], replace=options["replace"])
        except (BadBackup, RestoreFailed) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored what was there at {manifest.made_at}: {sum(manifest.rows.values())} rows in "
            f"{len(manifest.rows)} tables. Now run `manage.py migrate`, `manage.py secure_database` and "
            "`manage.py ledger_fsck`."
        )
