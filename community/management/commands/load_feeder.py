"""`manage.py load_feeder`: bring a street's cables in, from a file or as they usually are."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from community.feeder_files import FeederFault, FeederFile, read_feeder
from community.models import Community
from community.services.feeders import USUAL, FeederKnown, connect_by_name, load_feeder, usual_feeder


class Command(BaseCommand):
    help = "Reads Azotea's JSON or CSV, pandapower's or power-grid-model's JSON; --usual makes one from the homes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("community", help="Its short name, such as calle.")
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--usual", choices=sorted(USUAL), help="Assume what is usual, and say so.")

    def handle(self, *args: Any, **options: Any) -> None:
        community = Community.objects.filter(slug=options["community"]).first()
        if community is None:
            raise CommandError(f"There is no community {options['community']}.")
        if (options["file"] is None) == (options["usual"] is None):
            raise CommandError("Name a file, or --usual street or building.")
        try:
            described = self._described(community, options)
            feeder = load_feeder(community=community, described=described)
        except FeederFault as fault:
            raise CommandError(f"The feeder cannot be used: {fault}") from fault
        except FeederKnown as error:
            raise CommandError(f"{community.name} has a feeder already.") from error
        if options["usual"]:
            connect_by_name(community=community)
        self.stdout.write(f"{feeder.name}: {len(described.buses)} connections, {len(described.cables)} cables.")

    def _described(self, community: Community, options: dict[str, Any]) -> FeederFile:
        if options["file"] is not None:
            return read_feeder(options["file"].read_bytes(), options["file"].stem)
        return usual_feeder(community=community, kind=options["usual"])
