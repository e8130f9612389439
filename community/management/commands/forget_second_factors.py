"""`manage.py forget_second_factors`: for whoever has lost app, recovery codes and passkeys."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from community.models import User
from community.services.sessions import forget_second_factors


class Command(BaseCommand):
    help = "Takes away somebody's app, recovery codes and passkeys and ends their sessions; the password stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="The address that they log in with.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"Nobody logs in with {options['email']}.")
        self.stdout.write(f"{forget_second_factors(user)} factors forgotten; all sessions ended")
