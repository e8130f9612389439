"""`manage.py remember_head`: give the signer back the last head that it lost; run it as the signer's user."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from community.models import Community
from market.ledger.guard import Forked, Guard
from market.ledger.notes import BadNote
from market.services.log_keys import remember_head


class Command(BaseCommand):
    help = "Gives a signer whose directory lost its last head the newest one, as a witness or a member kept it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("community", help="The community's short name, as in the name of its log")
        parser.add_argument("checkpoint", help="A file with the newest head's note, kept outside the site")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Check the head against key and log, keep it, and say which it is."""
        community = Community.objects.filter(slug=options["community"]).first()
        if community is None:
            raise CommandError(f"There is no community {options['community']}.")
        try:
            note = Path(options["checkpoint"]).read_bytes().decode()
            head = remember_head(community=community, keeper=Guard(settings.SIGNER_DIR), note=note)
        except (Forked, BadNote, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The signer goes on from the head of {head.size} entries, root {head.root.hex()}.")
