"""`manage.py make_push_keys`: a key by which push services know the site."""

from typing import Any

from django.core.management.base import BaseCommand

from config.web_push import new_key, public_key


class Command(BaseCommand):
    help = "Prints a new key for web push; nothing is stored. Another key ends what browsers had agreed to."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print what goes into the environment."""
        key = new_key()
        self.stdout.write(f"# Browsers are told: {public_key(key)}")
        self.stdout.write(f"PUSH_KEY={key}")
