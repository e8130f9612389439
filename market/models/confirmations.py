"""How a member confirmed a mandate: by a passkey's signature, or by having shown who it is."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Member
from market.ledger.assertions import Assertion
from market.models.agents import Mandate


class MandateConfirmation(models.Model):
    """A member's word for a mandate; added only. With a passkey it holds what anybody can check.

    It goes when the member is erased, with the key of the home's leaves: nothing opens then what it was for.
    """

    class Method(models.TextChoices):
        PASSKEY = "passkey", _("signed with a passkey")
        PASSWORD = "password", _("password")
        CODE = "code", _("one-time code")
        KEY = "key", _("log-in with a passkey or security key")

    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="confirmations")
    confirmed_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()
    method = models.CharField(max_length=8, choices=Method)
    mandate_hash = models.CharField(max_length=64, help_text=_("SHA-256 of the mandate's one spelling, in hex"))
    key_name = models.CharField(max_length=200, blank=True)
    credential_id = models.BinaryField(default=bytes)
    authenticator_data = models.BinaryField(default=bytes)
    client_data = models.BinaryField(default=bytes)
    signature = models.BinaryField(default=bytes)
    public_key = models.BinaryField(default=bytes)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mandate", "confirmed_by", "method"], name="mandate_confirmation_once_a_way"
            ),
            models.CheckConstraint(
                condition=(
                    Q(method="passkey")
                    & ~Q(authenticator_data=b"")
                    & ~Q(client_data=b"")
                    & ~Q(signature=b"")
                    & ~Q(public_key=b"")
                )
                | (~Q(method="passkey") & Q(signature=b"", public_key=b"", client_data=b"")),
                name="mandate_confirmation_is_signed_if_by_passkey",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mandate_id}: {self.method}"

    @property
    def assertion(self) -> Assertion:
        """What the passkey signed; empty for the other ways."""
        parts = (self.credential_id, self.authenticator_data, self.client_data, self.signature, self.public_key)
        return Assertion(*map(bytes, parts))
