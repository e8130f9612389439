"""`manage.py demo_gateway`: fourteen simulated homes report to the running site over its API."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from community.demo import neighbourhood
from community.models import Community
from config.clock import now
from config.programs.embedded import DATA_DIR
from market.demo.gateway import Gateway
from market.demo.homes import neighbours
from metering.models import Reading


class Command(BaseCommand):
    help = "Simulates the demo's homes from their last report on, for ever."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="Address of the site.")

    def handle(self, *args: Any, **options: Any) -> None:
        community = Community.objects.filter(slug=neighbourhood.SLUG).first()
        if community is None:
            raise CommandError("There is no demo here yet. Run `manage.py seed_demo` first.")
        token = json.loads((DATA_DIR / "logins.json").read_text(encoding="utf-8"))["integrator"]["token"]
        last = Reading.objects.filter(metering_point__household__community=community).order_by("-start").first()
        if last is None:
            raise CommandError("The demo has no past yet. Run `manage.py seed_demo` first.")
        slot = community.slots.get(start=last.start)
        street = neighbours(community, now())
        Gateway(options["url"], token).run(street, slot.end, community.slot_minutes, settings.CLOCK_SPEED)
