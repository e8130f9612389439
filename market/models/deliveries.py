"""Statements on their way to members by e-mail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from market.models.statements import Statement


class Delivery(models.Model):
    """A statement for one address: waiting, sent, or refused with the reason."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not delivered")

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="deliveries")
    address = models.EmailField(max_length=254)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text=_("Not before."))
    changed_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True, help_text=_("What the mail server said."))

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["statement", "address"], name="delivery_once_an_address")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="delivery_waiting")]

    def __str__(self) -> str:
        return f"{self.statement} to {self.address}: {self.state}"
