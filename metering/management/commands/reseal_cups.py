"""`manage.py reseal_cups`: seal every CUPS anew with the first of the site's keys, and renew how each is found."""

from typing import Any

from django.core.management.base import BaseCommand

from metering.models import MeteringPoint


class Command(BaseCommand):
    help = "Run it after SEALING_KEYS or TOKEN_PEPPER has changed, while the old sealing key is still there."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for point in MeteringPoint.objects.order_by("pk"):
            point.save(update_fields=["cups", "cups_lookup"])
            count += 1
        self.stdout.write(f"{count} metering points")
