"""`manage.py load_prices FILE…`: take published prices in from files, for every community of the site."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from community.price_files import PriceFileFault, read_prices
from community.services.prices import keep_prices
from config.clock import now


class Command(BaseCommand):
    help = (
        "Take published hourly prices (PVPC, surplus) in: day files of ESIOS, its indicators as JSON, or its CSV."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        """Read all files, then keep all or none."""
        for path in options["files"]:
            try:
                hours = read_prices(path.read_bytes())
            except (OSError, PriceFileFault) as error:
                raise CommandError(f"{path.name}: {error}") from error
            kept = keep_prices(hours, source=path.name, at=now())
            self.stdout.write(f"{path.name}: {kept.new} new, {kept.changed} changed, {kept.same} as they were")
