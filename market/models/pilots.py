"""Pilots: streets tried out before anybody spends a euro."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Community, User


class Pilot(models.Model):
    """A street to try: its scenario as plain values, and a year that is lived month by month."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    owner = models.ForeignKey(User, models.PROTECT, related_name="pilots")
    community = models.ForeignKey(
        Community, models.PROTECT, null=True, blank=True, related_name="pilots", help_text=_("Made of it.")
    )
    scenario = models.JSONField()
    shared = models.BooleanField(
        default=False, help_text=_("Whoever has the address may read the report without logging in.")
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class PilotMonth(models.Model):
    """One month of a pilot in one of its variants, lived once."""

    class Variant(models.TextChoices):
        USUAL = "usual", _("as expected")
        DULL = "dull", _("a dull year")
        BRIGHT = "bright", _("a bright year")
        SAVINGS = "savings", _("all homes save")
        REVENUE = "revenue", _("all homes earn")
        RESILIENCE = "resilience", _("all homes keep a reserve")

    pilot = models.ForeignKey(Pilot, models.CASCADE, related_name="months")
    variant = models.CharField(max_length=10, choices=Variant)
    month = models.PositiveSmallIntegerField()
    lived = models.JSONField(null=True, blank=True)
    failed = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pilot", "variant", "month"], name="pilot_month_once_a_variant"),
            models.CheckConstraint(condition=Q(month__gte=1, month__lte=12), name="pilot_month_is_one_of_twelve"),
        ]

    def __str__(self) -> str:
        return f"{self.pilot_id} {self.variant} {self.month}"
