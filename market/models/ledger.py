"""Who owes what: balanced entries that are added to, never changed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Community, Household
from market.models.settlement import Settlement


class Account(models.Model):
    """Where money is booked: one per household, and one per purpose of the community."""

    class Kind(models.TextChoices):
        HOUSEHOLD = "household", _("Household")
        GRID_FEE = "grid_fee", _("Grid fee")
        CONGESTION_RENT = "congestion_rent", _("Congestion rent")

    community = models.ForeignKey(Community, models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=16, choices=Kind)
    household = models.OneToOneField(Household, models.PROTECT, null=True, blank=True, related_name="account")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["community", "kind"], condition=~Q(kind="household"), name="account_once_a_purpose"
            ),
            models.CheckConstraint(
                condition=Q(kind="household", household__isnull=False)
                | (~Q(kind="household") & Q(household__isnull=True)),
                name="account_of_a_household_names_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.household_id or ''}"


class Entry(models.Model):
    """One balanced booking: its postings add up to zero, which the database checks at commit.

    It belongs to a settlement, or, when congestion rent is given back, to a month that closes.
    """

    class Kind(models.TextChoices):
        SETTLE = "settle", _("settlement")
        REVERSE = "reverse", _("reversal")
        GIVE_BACK = "give_back", _("congestion rent given back")

    community = models.ForeignKey(Community, models.PROTECT, related_name="entries")
    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="entries", null=True, blank=True)
    month = models.DateField(null=True, blank=True, help_text=_("First day of the month that was closed."))
    kind = models.CharField(max_length=12, choices=Kind)
    booked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["settlement", "kind"], name="entry_once_a_kind_and_settlement"),
            models.UniqueConstraint(
                fields=["community", "month"], condition=Q(kind="give_back"), name="entry_gives_back_once_a_month"
            ),
            models.CheckConstraint(
                condition=Q(kind="give_back", settlement__isnull=True, month__isnull=False)
                | Q(kind__in=["settle", "reverse"], settlement__isnull=False, month__isnull=True),
                name="entry_belongs_to_a_settlement_or_a_month",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.settlement_id or self.month}"


class Posting(models.Model):
    """One side of an entry: n€ that an account receives (+) or gives (−)."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, models.PROTECT, related_name="postings")
    amount_neur = models.BigIntegerField()
    energy_wh = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount_neur=0, energy_wh=0), name="posting_is_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount_neur} n€"
