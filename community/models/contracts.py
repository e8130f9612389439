"""What each household's own retailer charges and pays, version by version."""

from django.db import models
from django.db.models import F, Q

from community.models.homes import Household


class Tariff(models.Model):
    """A retailer's 2.0TD offer with three periods. Its prices live in dated versions."""

    retailer = models.CharField(max_length=120)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["retailer", "name"], name="tariff_name_is_unique")]

    def __str__(self) -> str:
        return f"{self.retailer} {self.name}"


class TariffVersion(models.Model):
    """Prices valid from a civil day on, until the next version. Import prices include tolls and taxes."""

    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="versions")
    valid_from = models.DateField()
    import_p1_ueur_kwh = models.BigIntegerField()
    import_p2_ueur_kwh = models.BigIntegerField()
    import_p3_ueur_kwh = models.BigIntegerField()
    feed_in_ueur_kwh = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tariff", "valid_from"], name="tariff_version_once_a_day"),
            models.CheckConstraint(
                name="tariff_version_feed_in_is_below_import",
                condition=Q(feed_in_ueur_kwh__lt=F("import_p1_ueur_kwh"))
                & Q(feed_in_ueur_kwh__lt=F("import_p2_ueur_kwh"))
                & Q(feed_in_ueur_kwh__lt=F("import_p3_ueur_kwh")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff} {self.valid_from}"


class SupplyContract(models.Model):
    """Which tariff supplies a household from a civil day on, until its next contract."""

    household = models.ForeignKey(Household, models.PROTECT, related_name="contracts")
    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="contracts")
    valid_from = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "valid_from"], name="contract_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.household}: {self.tariff} from {self.valid_from}"
