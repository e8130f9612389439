"""`manage.py end_sessions`: somebody, or everybody, has to come in anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from community.models import User
from community.services.sessions import end_sessions


class Command(BaseCommand):
    help = "Ends all sessions of these people, or with --all of everybody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", nargs="*", help="Whose sessions, by the address that they log in with.")
        parser.add_argument("--all", action="store_true", help="Everybody's, the operator's too.")

    def handle(self, *args: Any, **options: Any) -> None:
        typed = {email.lower() for email in options["email"]}
        if bool(typed) == options["all"]:
            raise CommandError("Name the people by their addresses, or say --all.")
        users = [user for user in User.objects.all() if user.email.lower() in typed]
        unknown = typed - {user.email.lower() for user in users}
        if unknown:
            raise CommandError(f"Nobody logs in with {', '.join(sorted(unknown))}; no session was ended.")
        self.stdout.write(f"{end_sessions(None if options['all'] else users)} sessions ended")
