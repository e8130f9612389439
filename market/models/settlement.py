"""Metered against traded, slot by slot, version by version."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import Household
from market.models.orders import Slot


class Settlement(models.Model):
    """One settlement of a slot. A later reading adds a revision; the earlier one stays as it was."""

    slot = models.ForeignKey(Slot, models.PROTECT, related_name="settlements")
    revision = models.PositiveSmallIntegerField(default=1)
    settled_at = models.DateTimeField()
    provisional = models.BooleanField(help_text=_("Readings were missing or estimated."))
    readings_as_of = models.DateTimeField(help_text=_("Readings received up to this instant were used."))
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "revision"], name="settlement_revision_once_a_slot"),
            models.UniqueConstraint(
                fields=["slot"], condition=Q(is_current=True), name="settlement_current_once_a_slot"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id} r{self.revision}"


class SettledHome(models.Model):
    """A household's energy and money of one slot, with its retailer baseline frozen beside it."""

    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="homes")
    household = models.ForeignKey(Household, models.PROTECT, related_name="settled", db_index=False)
    start = models.DateTimeField(help_text=_("Start of the slot, kept here for reading by day and month."))
    is_current = models.BooleanField(default=True)
    missing = models.BooleanField(default=False)
    provisional = models.BooleanField(default=False, help_text=_("As its settlement is, for sums over a year."))
    quality = models.CharField(max_length=12, default="measured", help_text=_("The worst of its readings."))
    import_wh = models.BigIntegerField()
    export_wh = models.BigIntegerField()
    bought_wh = models.BigIntegerField(help_text=_("delivered by neighbours, true-up included"))
    sold_wh = models.BigIntegerField(help_text=_("delivered to neighbours, true-up included"))
    trueup_bought_wh = models.BigIntegerField(default=0)
    trueup_sold_wh = models.BigIntegerField(default=0)
    import_ueur_kwh = models.BigIntegerField()
    feed_in_ueur_kwh = models.BigIntegerField()
    price_ueur_kwh = models.BigIntegerField(null=True, blank=True)
    grid_fee_ueur_kwh = models.BigIntegerField(default=0)
    paid_neur = models.BigIntegerField(default=0, help_text=_("What its purchases from neighbours cost."))
    earned_neur = models.BigIntegerField(default=0, help_text=_("What its sales to neighbours brought."))
    shortfall_neur = models.BigIntegerField(
        default=0, help_text=_("Given up because undelivered trades left the slot short of money.")
    )
    pool_neur = models.BigIntegerField(default=0, help_text=_("Received from the common pool less given to it."))
    priority = models.PositiveSmallIntegerField(
        default=0, help_text=_("As the pool weighed it; corrections keep it.")
    )
    baseline_neur = models.BigIntegerField(help_text=_("What the retailer alone would have charged."))
    actual_neur = models.BigIntegerField()

    class Meta:
        indexes = [
            # With the energies inside: a home's year lies on as many pages of the table as it has slots.
            models.Index(
                fields=["household", "start"],
                name="settled_home_energies",
                include=["import_wh", "export_wh"],
                condition=Q(is_current=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["settlement", "household"], name="settled_home_once_a_settlement"),
            models.CheckConstraint(
                condition=Q(actual_neur__lte=F("baseline_neur")),
                name="settled_home_is_never_worse_off_than_with_the_retailer",
            ),
            models.CheckConstraint(
                condition=Q(bought_wh__lte=F("import_wh"), sold_wh__lte=F("export_wh")),
                name="settled_home_trades_no_more_than_metered",
            ),
            models.CheckConstraint(
                condition=Q(
                    actual_neur=(F("import_wh") - F("bought_wh")) * F("import_ueur_kwh")
                    - (F("export_wh") - F("sold_wh")) * F("feed_in_ueur_kwh")
                    + F("paid_neur")
                    - F("earned_neur")
                    + F("shortfall_neur")
                    - F("pool_neur")
                ),
                name="settled_home_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(shortfall_neur__gte=0), name="settled_home_shortfall_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.start:%Y-%m-%d %H:%M}"
