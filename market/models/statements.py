"""A household's month, rounded once and then immutable."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Community, Household


class Statement(models.Model):
    """What a household traded in one civil month, closed once for the whole community.

    Later readings make a correction: another version beside it, which states the month anew. Both stay.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey(Household, models.PROTECT, related_name="statements")
    month = models.DateField(help_text=_("First day of the month."))
    version = models.PositiveSmallIntegerField(default=1, help_text=_("Beyond the first: a correction."))
    issued_at = models.DateTimeField()
    legal_mode = models.CharField(
        max_length=20,
        choices=Community.LegalMode,
        default=Community.LegalMode.SIMULATION,
        help_text=_("The community's when it was issued."),
    )
    slots = models.PositiveIntegerField()
    provisional_slots = models.PositiveIntegerField(default=0)
    saving_neur = models.BigIntegerField(help_text=_("Congestion rent given back included."))
    rent_rule = models.CharField(
        max_length=12, blank=True, help_text=_("How congestion rent was given back; empty if there was none.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "month", "version"], name="statement_once_a_version")
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.month:%Y-%m} v{self.version}"


class StatementLine(models.Model):
    """One line: energy, exact money and its cents; `posted` lines are owed, the others inform."""

    class Kind(models.TextChoices):
        BOUGHT = "bought", _("Bought from neighbours")
        SOLD = "sold", _("Sold to neighbours")
        SHORTFALL = "shortfall", _("Given up where trades were not delivered")
        POOL = "pool", _("Common pool")
        RENT = "rent", _("Congestion rent given back")
        RETAILER_IMPORT = "retailer_import", _("From your retailer")
        RETAILER_EXPORT = "retailer_export", _("Surplus to your retailer")
        SAVING = "saving", _("Gain against your retailer alone")

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=Kind)
    energy_wh = models.BigIntegerField()
    amount_neur = models.BigIntegerField(help_text=_("exact; + is in the household's favour"))
    amount_cents = models.BigIntegerField(help_text=_("rounded once"))
    posted = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "position"], name="statement_line_has_one_place"),
            models.UniqueConstraint(fields=["statement", "kind"], name="statement_line_once_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id}: {self.kind}"
