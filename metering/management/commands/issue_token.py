"""`manage.py issue_token`: let a gateway or an integrator in."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from community.models import Community
from config.clock import now
from metering.models import ApiToken
from metering.queries import with_cups
from metering.services.tokens import issue_token


class Command(BaseCommand):
    help = "Creates a token for metering points, named by CUPS, and prints it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("community", help="Slug of the community.")
        parser.add_argument("name", help="Who will use the token.")
        parser.add_argument("cups", nargs="+")
        parser.add_argument("--scope", action="append", choices=ApiToken.Scope.values, help="By default all.")
        parser.add_argument("--days", type=int, default=365)

    def handle(self, *args: Any, **options: Any) -> None:
        community = Community.objects.filter(slug=options["community"]).first()
        if community is None:
            raise CommandError(f"There is no community {options['community']}.")
        points = list(
            with_cups(options["cups"]).filter(household__community=community).select_related("household")
        )
        unknown = set(options["cups"]) - {point.cups for point in points}
        if unknown:
            raise CommandError(f"Not metering points of {community.name}: {', '.join(sorted(unknown))}.")
        _, text = issue_token(
            community=community,
            name=options["name"],
            scopes=options["scope"] or ApiToken.Scope.values,
            metering_points=points,
            at=now(),
            lifetime=timedelta(days=options["days"]),
        )
        self.stdout.write(text)
