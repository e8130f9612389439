"""`manage.py load_weather`: give a community's forecasts a weather forecast to go by."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from community.models import Community
from market.services.weather import WeatherFault, load_weather


class Command(BaseCommand):
    help = "Reads a CSV file with columns time, temperature (°C) and irradiance (W/m²), an hour a line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("community", help="Its short name, such as calle.")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        community = Community.objects.filter(slug=options["community"]).first()
        if community is None:
            raise CommandError(f"There is no community {options['community']}.")
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as lines:
                hours = load_weather(community=community, lines=lines)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        except WeatherFault as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(f"{community.name}: {hours} hours of weather.")
