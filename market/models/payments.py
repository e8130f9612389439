"""Bank accounts and what was handed to the bank, for communities that settle money between homes."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Community, Household, Member
from market.models.statements import Statement


class BankAccount(models.Model):
    """Where a home's money goes and, with a mandate, comes from. The number is sealed; its end is shown."""

    household = models.ForeignKey(Household, models.PROTECT, related_name="bank_accounts")
    holder = models.CharField(max_length=70)
    sealed_iban = models.TextField()
    iban_end = models.CharField(max_length=4)
    mandate = models.UUIDField(default=uuid.uuid4, unique=True, help_text=_("The mandate's reference."))
    mandate_signed_on = models.DateField(null=True, blank=True, help_text=_("Empty: nothing may be collected."))
    added_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: it holds."))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=models.Q(replaced_at=None), name="bank_account_one_holds"
            )
        ]

    def __str__(self) -> str:
        return f"{self.household} …{self.iban_end}"

    @property
    def mandate_reference(self) -> str:
        """The reference as banks take it: 35 characters at most."""
        return self.mandate.hex.upper()


class CreditorAccount(models.Model):
    """The community's own account and the number under which its bank lets it collect."""

    community = models.OneToOneField(Community, models.PROTECT, related_name="creditor_account")
    holder = models.CharField(max_length=70)
    sealed_iban = models.TextField()
    iban_end = models.CharField(max_length=4)
    creditor_id = models.CharField(max_length=35)
    changed_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.community} …{self.iban_end}"


class PaymentRun(models.Model):
    """What was due at one moment and handed to the bank together. Runs are added only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, models.PROTECT, related_name="payment_runs")
    made_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.community_id} {self.made_at:%Y-%m-%d}"


class PaymentItem(models.Model):
    """What a statement asks for beyond its earlier version: cents, + if the home receives. Once for each."""

    run = models.ForeignKey(PaymentRun, models.PROTECT, related_name="items")
    statement = models.OneToOneField(Statement, models.PROTECT, related_name="payment")
    cents = models.BigIntegerField()
    account = models.ForeignKey(
        BankAccount, models.PROTECT, null=True, related_name="+", help_text=_("Empty: settled by hand.")
    )

    def __str__(self) -> str:
        return f"{self.statement} {self.cents}"
