"""`manage.py secure_database`: walls around communities and people, and what the site's own role may do."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from community.services.securing import CannotSecure, secure
from config.walls import SITE_ROLE


class Command(BaseCommand):
    help = "Puts up the walls around communities and people; run it as the tables' owner after every `migrate`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--role", default=SITE_ROLE, help="Whom the site's processes connect as.")
        parser.add_argument("--create", action="store_true", help="Make the role if there is none.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it, and say how many tables have a wall."""
        try:
            count = secure(role=options["role"], create=options["create"])
        except CannotSecure as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} tables have a wall; {options['role']} may do what the site does, and no more.")
