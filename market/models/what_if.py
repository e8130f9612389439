"""What a member asks of the past: what would have been, had the limits been others."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Household, Member


class WhatIf(models.Model):
    """Slots cleared again with other limits on one home's orders, or a day lived again by other rules.

    It is kept for some days and booked nowhere.
    """

    class Status(models.TextChoices):
        ASKED = "asked", _("being worked out")
        DONE = "done", _("done")
        FAILED = "failed", _("no answer was found")
        PASSED = "passed", _("other rules were tried before it was worked out")

    household = models.ForeignKey(Household, models.CASCADE, related_name="what_ifs")
    asked_by = models.ForeignKey(Member, models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    start = models.DateTimeField(help_text=_("Of the first slot."))
    end = models.DateTimeField(help_text=_("Of the last slot."))
    limits = models.JSONField(help_text=_("Slot, least price to sell, most to buy (µ€/kWh); null as it was."))
    rules = models.JSONField(
        null=True,
        blank=True,
        help_text=_("Rules of a day that is lived again; null where limits are tried."),
    )
    status = models.CharField(max_length=6, choices=Status, default=Status.ASKED)
    slots = models.PositiveSmallIntegerField(default=0, help_text=_("How many slots were cleared again."))
    was = models.JSONField(default=dict, help_text=_("Wh sold and bought, and n€, with the limits that held."))
    would_be = models.JSONField(default=dict, help_text=_("The same with the other limits."))

    class Meta:
        indexes = [models.Index(fields=["household", "-asked_at"], name="what_if_by_home")]

    def __str__(self) -> str:
        return f"{self.household_id} {self.start:%Y-%m-%d %H:%M} {self.status}"
