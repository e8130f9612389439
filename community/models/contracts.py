"""What each household's own retailer charges and pays, version by version."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models.homes import Household
from community.models.people import Community, Region


class Tariff(models.Model):
    """A retailer's 2.0TD offer with three periods. Its prices live in dated versions.

    One that a community typed in is that community's alone; without a community it is the operator's, for all.
    """

    community = models.ForeignKey(Community, models.PROTECT, null=True, blank=True, related_name="tariffs")
    retailer = models.CharField(max_length=120)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["community", "retailer", "name"], name="tariff_name_is_unique", nulls_distinct=False
            )
        ]

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


class OfferTerms(models.Model):
    """A retailer's offer as its contract states it, before taxes, from a civil day on; prices of versions follow.

    Energy and power include tolls and charges. The region says which taxes fall on it. Offers with a price by the
    hour have no versions: their prices are published day by day (`HourPrice`).
    """

    class Index(models.TextChoices):
        NONE = "", _("Three fixed prices")
        PVPC = "pvpc", _("By the hour: PVPC, and what the contract adds to it")

    class Surplus(models.TextChoices):
        FIXED = "fixed", _("A fixed price")
        PUBLISHED = "published", _("By the hour: the published price of surplus")

    class Negative(models.TextChoices):
        AS_PUBLISHED = "as_published", _("Counted as they are")
        FLOOR_ZERO = "floor_zero", _("Counted as zero")

    class Cap(models.TextChoices):
        WITH_TOLLS = "with_tolls", _("The whole energy term, tolls and charges inside")
        WITHOUT_TOLLS = "without_tolls", _("The energy term without tolls and charges")

    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="terms")
    valid_from = models.DateField()
    region = models.CharField(max_length=10, choices=Region, default=Region.PENINSULA)
    index = models.CharField(
        max_length=4,
        choices=Index,
        default=Index.NONE,
        blank=True,
        help_text=_("With an index, the energy prices are what the contract adds to it."),
    )
    surplus_kind = models.CharField(max_length=9, choices=Surplus, default=Surplus.FIXED)
    negative_surplus = models.CharField(max_length=12, choices=Negative, default=Negative.AS_PUBLISHED)
    energy_p1_ueur_kwh = models.BigIntegerField()
    energy_p2_ueur_kwh = models.BigIntegerField()
    energy_p3_ueur_kwh = models.BigIntegerField()
    surplus_ueur_kwh = models.BigIntegerField()
    power_p1_ueur_kw_year = models.BigIntegerField()
    power_p2_ueur_kw_year = models.BigIntegerField()
    cap = models.CharField(max_length=14, choices=Cap, default=Cap.WITH_TOLLS)
    wallet_ppm = models.PositiveIntegerField(
        default=0,
        help_text=_("Virtual battery: part of the surplus left over that counts, ppm; 0: none."),
    )
    wallet_fee_cents = models.PositiveIntegerField(default=0, help_text=_("A month, before taxes."))
    wallet_expiry_months = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "offer terms"
        constraints = [
            models.UniqueConstraint(fields=["tariff", "valid_from"], name="offer_terms_once_a_day"),
            models.CheckConstraint(
                condition=Q(energy_p1_ueur_kwh__gte=0, energy_p2_ueur_kwh__gte=0, energy_p3_ueur_kwh__gte=0)
                & Q(power_p1_ueur_kw_year__gte=0, power_p2_ueur_kw_year__gte=0),
                name="offer_terms_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(wallet_ppm__lte=1_000_000), name="offer_terms_wallet_is_at_most_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff} {self.valid_from}"

    @property
    def energy_ueur_kwh(self) -> tuple[int, int, int]:
        """Energy in P1, P2 and P3."""
        return self.energy_p1_ueur_kwh, self.energy_p2_ueur_kwh, self.energy_p3_ueur_kwh

    @property
    def is_hourly(self) -> bool:
        """Whether some of its prices are published hour by hour."""
        return bool(self.index) or self.surplus_kind == self.Surplus.PUBLISHED

    @property
    def power_ueur_kw_year(self) -> tuple[int, int]:
        """Power in P1 and P2."""
        return self.power_p1_ueur_kw_year, self.power_p2_ueur_kw_year
