"""`manage.py reseal`: seal anew with the first of the site's keys, and renew how each CUPS is found.

CUPS, meter files, which hold CUPS, too, the hashes of passwords, the seeds of code apps and recovery codes, and
whatever lies in columns named `sealed…`, but for the keys of homes' entries: the database refuses another one, so
that nobody can say that an entry has none.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from community.models import User
from community.passwords import resealed
from config.sealing import seal, unseal
from metering.models import MeterFile, MeteringPoint

STAYS = "market.HomeKey"
SEEDS = frozenset({"secret", "seed"})


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
        told = sum(_renewed(model, field) for model, field in _sealed_columns())
        known = User.objects.values_list("pk", "password")
        logins = sum(User.objects.filter(pk=pk, password=old).update(password=resealed(old)) for pk, old in known)
        factors = sum(map(_second_factor, Authenticator.objects.values_list("pk", flat=True)))
        self.stdout.write(
            f"{count} metering points, {len(files)} meter files, {told} secrets, {logins} logins, "
            f"{factors} second factors"
        )


def _sealed_columns() -> list[tuple[type[models.Model], str]]:
    return [
        (model, field.attname)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if model._meta.label != STAYS and field.attname.startswith("sealed")
    ]


def _renewed(model: type[models.Model], field: str) -> int:
    """Each only as it was read: what somebody writes meanwhile is sealed with the first key anyway."""
    rows = model._base_manager.exclude(**{field: ""}).values_list("pk", field)
    return sum(
        model._base_manager.filter(pk=pk, **{field: old}).update(**{field: seal(unseal(old))}) for pk, old in rows
    )


@transaction.atomic
def _second_factor(pk: int) -> int:
    """Locked meanwhile: whoever uses a recovery code writes into the same value. Passkeys have nothing sealed."""
    factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
    seeds = SEEDS & set(factor.data) if factor else frozenset()
    if factor and seeds:
        factor.data |= {name: seal(unseal(factor.data[name])) for name in seeds}
        factor.save(update_fields=["data"])
    return len(seeds)
