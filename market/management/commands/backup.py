"""`manage.py backup DIR`: everything that the site knows, in a new folder of DIR."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.clock import now
from market.services.backup import BackupFailed, back_up


class Command(BaseCommand):
    help = "Writes a backup into a new folder of DIR; the site may go on meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write it and say where it is."""
        try:
            place = back_up(folder=options["folder"], at=now())
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The backup is in {place}.")
