"""`manage.py reseal_cups`: seal every CUPS anew with the first of the site's keys, and renew how each is found.

Meter files, which hold CUPS, too, are sealed anew with them.
"""

from typing import Any

from django.core.management.base import BaseCommand

from metering.models import MeterFile, MeteringPoint


class Command(BaseCommand):
    help = "Run it after SEALING_KEYS or TOKEN_PEPPER has changed, while the old sealing key is still there."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for point in MeteringPoint.objects.order_by("pk"):
            point.save(update_fields=["cups", "cups_lookup"])
            count += 1
        files = list(MeterFile.objects.order_by("pk").values_list("pk", flat=True))
        for pk in files:  # one at a time: each may be large
            MeterFile.objects.get(pk=pk).save(update_fields=["content", "name"])
        self.stdout.write(f"{count} metering points, {len(files)} meter files")
