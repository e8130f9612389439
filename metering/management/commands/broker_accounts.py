"""`manage.py broker_accounts`: who may publish, as mosquitto's password file wants it."""

from typing import Any

from django.core.management.base import BaseCommand

from config.clock import now
from metering.models import ApiToken


class Command(BaseCommand):
    help = "Prints a line for every live token that may hand in readings: its user and the hash of its password."

    def handle(self, *args: Any, **options: Any) -> None:
        live = ApiToken.objects.filter(revoked_at__isnull=True, expires_at__gt=now()).exclude(broker_hash="")
        for token in live.order_by("pk"):
            if ApiToken.Scope.READINGS_WRITE in token.scopes:
                self.stdout.write(f"{token.key_id}:{token.broker_hash}")
