"""`manage.py rotate_log_key`: give a community's log another key; run it as the signer's user."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from community.models import Community
from config.clock import now
from market.ledger.guard import Forked, Guard
from market.services.log_keys import AlreadyChanging, NothingSigned, rotate_key


class Command(BaseCommand):
    help = "Gives a community's log another key; the next head is signed with it, and old ones still verify."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("community", help="The community's short name, as in the name of its log")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Log the change, and say what others have to be told."""
        community = Community.objects.filter(slug=options["community"]).first()
        if community is None:
            raise CommandError(f"There is no community {options['community']}.")
        try:
            change = rotate_key(community=community, keeper=Guard(settings.SIGNER_DIR), at=now())
        except NothingSigned as error:
            raise CommandError("Nothing is signed yet: there is no key to replace.") from error
        except AlreadyChanging as error:
            raise CommandError("The signer has not turned to the last new key yet: let it sign first.") from error
        except Forked as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Old key: {change.old}\nNew key: {change.new}")
        self.stdout.write("The signer turns to it with the next head. Tell the log's witnesses the new key.")
