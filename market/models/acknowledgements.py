"""What homes answered to the market's suggestions."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Device


class Acknowledgement(models.Model):
    """A home's answer to the set-point of one device in one slot. Rows are added: the newest revision counts."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        CHANGED = "changed", _("changed")
        REFUSED = "refused", _("refused")

    slot = models.ForeignKey("market.Slot", models.PROTECT, related_name="acknowledgements", db_index=False)
    # Looked up by slot, as set-points are.
    device = models.ForeignKey(Device, models.PROTECT, related_name="acknowledgements", db_index=False)
    revision = models.PositiveIntegerField(default=1)
    version = models.CharField(max_length=16, help_text=_("Of the suggestion that was answered."))
    answer = models.CharField(max_length=8, choices=Answer)
    reason = models.CharField(max_length=200, blank=True, help_text=_("In the home's own words."))
    energy_wh = models.BigIntegerField(
        null=True, blank=True, help_text=_("What the device does instead, Wh: + takes, − gives")
    )
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "device", "revision"], name="acknowledgement_once_a_revision"),
            models.CheckConstraint(
                condition=Q(answer="accepted", energy_wh__isnull=True)
                | Q(answer="changed", energy_wh__isnull=False)
                | Q(answer="refused"),
                name="acknowledgement_says_what_happens_instead",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot_id}/{self.device_id}: {self.answer}"
