"""Prices that are published hour by hour: what indexed contracts follow."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models.people import Community, Region


class HourPrice(models.Model):
    """An hour's published price before taxes, µ€/kWh: PVPC with tolls and charges, or what surplus is worth.

    One that a community's administrator handed in is that community's alone; without a community it is for all.
    """

    class Series(models.TextChoices):
        PVPC = "pvpc", _("PVPC, with tolls and charges")
        SURPLUS = "surplus", _("Surplus under compensation")

    community = models.ForeignKey(Community, models.CASCADE, null=True, blank=True, related_name="hour_prices")
    region = models.CharField(max_length=10, choices=Region)
    series = models.CharField(max_length=7, choices=Series)
    start = models.DateTimeField()
    price_ueur_kwh = models.BigIntegerField()
    source = models.CharField(max_length=120, help_text=_("The file or the address it came from."))
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region", "series", "start", "community"],
                name="hour_price_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.region} {self.start:%Y-%m-%d %H:%M}"
