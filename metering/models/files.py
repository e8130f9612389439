"""Meter files: kept as they came, so that every reading can be traced to its line and read again."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Community, Member
from metering.models.readings import MeteringPoint


class MeterFile(models.Model):
    """A file of readings that somebody handed in. It is looked at first, and becomes readings on one click."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, models.PROTECT, related_name="meter_files")
    uploaded_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="meter_files")
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    content_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    metering_point = models.ForeignKey(
        MeteringPoint, models.PROTECT, null=True, blank=True, help_text=_("Of files that name no supply.")
    )
    dialect = models.CharField(max_length=20, blank=True, help_text=_("What its hours mean, as a person chose."))
    family = models.CharField(max_length=120, blank=True, help_text=_("Its name without the version."))
    version = models.PositiveIntegerField(default=0)
    parser_version = models.PositiveSmallIntegerField()
    committed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["community", "content_sha256", "metering_point", "dialect"],
                nulls_distinct=False,
                name="meter_file_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name
