"""Retailers' virtual batteries as accounts: what moved between surplus, wallet and bills, month by month."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Household


class WalletEntry(models.Model):
    """Cents that moved from one account to another in a home's billing month. Entries are added only.

    What readings changed later is a further entry with the difference, which may be negative; the sum of a month's
    entries of a kind is what holds.
    """

    class Kind(models.TextChoices):
        ADDED = "added", _("surplus put into the wallet")
        USED = "used", _("paid from the wallet")
        EXPIRED = "expired", _("lost by its age")
        LEFT = "left", _("lost on leaving the retailer")

    household = models.ForeignKey(Household, models.PROTECT, related_name="wallet_entries")
    month = models.DateField()
    kind = models.CharField(max_length=8, choices=Kind)
    cents = models.BigIntegerField()
    booked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "wallet entries"
        indexes = [models.Index(fields=["household", "month"], name="wallet_of_a_home")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(cents=0), name="wallet_entry_moves_something"),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.month:%Y-%m} {self.kind} {self.cents}"

    @property
    def accounts(self) -> tuple[str, str]:
        """From which account to which it moved."""
        return {
            self.Kind.ADDED: ("surplus", "wallet"),
            self.Kind.USED: ("wallet", "bill"),
            self.Kind.EXPIRED: ("wallet", "expired"),
            self.Kind.LEFT: ("wallet", "left"),
        }[self.Kind(self.kind)]
