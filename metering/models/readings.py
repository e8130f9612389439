"""Metering points and the readings they sent, version by version."""

import uuid
from datetime import datetime, timedelta

from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Household
from metering.cups import validate_cups
from metering.models.sealed import LookupOf, SealedText


class MeteringPoint(models.Model):
    """Where a household's energy is measured; in Spain its code is the CUPS."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey(Household, models.PROTECT, related_name="metering_points")
    cups = SealedText("CUPS", validators=[MaxLengthValidator(22), validate_cups])
    cups_lookup = LookupOf("cups", unique=True)
    resolution_minutes = models.PositiveSmallIntegerField(default=15)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(resolution_minutes__in=[15, 30, 60]),
                name="metering_point_resolution_is_15_30_or_60_minutes",
            ),
        ]

    def __str__(self) -> str:
        # The operator's journal keeps this text: it must not be the code.
        return f"…{self.cups[-4:]}"


class Upload(models.Model):
    """One delivery of readings: what came, from whom, and what became of it."""

    class Source(models.TextChoices):
        API = "api", _("API")
        FILE = "file", _("File")
        LIVE = "live", _("Live")
        CHANGE = "change", _("Declared change")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="uploads")
    token = models.ForeignKey("metering.ApiToken", models.PROTECT, null=True, blank=True, related_name="uploads")
    file = models.ForeignKey("metering.MeterFile", models.PROTECT, null=True, blank=True, related_name="uploads")
    source = models.CharField(max_length=8, choices=Source, default=Source.API)
    content_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    received = models.PositiveIntegerField()
    created = models.PositiveIntegerField()
    unchanged = models.PositiveIntegerField()
    revised = models.PositiveIntegerField()
    set_aside = models.PositiveIntegerField(default=0, help_text=_("Registers that contradict their neighbours."))

    def __str__(self) -> str:
        return f"{self.metering_point_id}: {self.received} readings at {self.received_at:%Y-%m-%d %H:%M}"


class Reading(models.Model):
    """Energy in one interval and channel. A correction is a new version; nothing is overwritten.

    The table is range-partitioned by month of `start`; the newest version is the valid one.
    """

    class Channel(models.TextChoices):
        IMPORT = "import", _("import")
        EXPORT = "export", _("export")
        GENERATION = "generation", _("generation")
        SELF = "self", _("self-consumption")

    class Quality(models.TextChoices):
        MEASURED = "measured", _("measured")
        MANUAL = "manual", _("typed in")
        CALCULATED = "calculated", _("calculated")
        SUBSTITUTED = "substituted", _("substituted")
        ESTIMATED = "estimated", _("estimated")
        PROFILED = "profiled", _("profiled")

    pk = models.CompositePrimaryKey("metering_point_id", "channel", "start", "resolution_minutes", "version")
    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="readings", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel)
    start = models.DateTimeField()
    resolution_minutes = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField(default=1)
    energy_wh = models.BigIntegerField()
    quality = models.CharField(max_length=12, choices=Quality, default=Quality.MEASURED)
    received_at = models.DateTimeField()
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="readings", db_index=False)
    row = models.PositiveIntegerField(help_text=_("Place in the upload, counted from 0; in a file, its line."))

    class Meta:
        indexes = [
            # Rows lie nearly in the order of both, so a summary of each stretch of the table is enough; a tree
            # of each would cost a third of every upload.
            BrinIndex(fields=["start"], name="reading_start", pages_per_range=32, autosummarize=True),
            BrinIndex(fields=["received_at"], name="reading_received_at", pages_per_range=32, autosummarize=True),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(energy_wh__gte=0), name="reading_energy_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.metering_point_id} {self.channel} {self.start:%Y-%m-%d %H:%M} v{self.version}"

    @property
    def end(self) -> datetime:
        """The instant that belongs to the next interval."""
        return self.start + timedelta(minutes=self.resolution_minutes)
