"""Coefficients that members agreed on for a common installation, version by version."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Community, Member


class SharingSet(models.Model):
    """Which part of the common generation each supply gets, as agreed on one day. Sets are added only."""

    class Kind(models.TextChoices):
        TYPED = "typed", _("typed in")
        FILE = "file", _("from a file")

    community = models.ForeignKey(Community, models.PROTECT, related_name="sharing_sets")
    cau = models.CharField("CAU", max_length=26)
    year = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    constant_ppm = models.JSONField(default=dict, help_text=_("Millionths by CUPS; empty if hourly."))
    hourly_ppm = models.JSONField(default=dict, help_text=_("Millionths of every hour of the year, by CUPS."))
    agreed_on = models.DateField(help_text=_("The day on which the members agreed."))
    note = models.CharField(max_length=200, blank=True, help_text=_("Who agreed, and how."))
    added_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "cau", "version"], name="sharing_set_once_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.cau} v{self.version}"

    @property
    def beta_ppm(self) -> dict[str, int | list[int]]:
        """The coefficients as the file has them."""
        found: dict[str, int | list[int]] = self.hourly_ppm or self.constant_ppm
        return found
