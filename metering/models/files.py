"""Meter files: kept as they came, so that every reading can be traced to its line and read again."""

import uuid

from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Community, Member
from metering.models.access import ApiToken
from metering.models.readings import MeteringPoint
from metering.models.sealed import SealedBytes, SealedText


class ColumnMapping(models.Model):
    """What the columns of a community's own CSV mean, told once by a person."""

    community = models.ForeignKey(Community, models.PROTECT, related_name="column_mappings")
    name = models.CharField(_("name"), max_length=80)
    columns = models.JSONField(help_text=_("Header to role: cups, day, hour, quality, a channel…"))
    unit = models.CharField(max_length=3, blank=True)
    labels = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["community", "name"], name="column_mapping_name_is_unique")]

    def __str__(self) -> str:
        return self.name


class Reminder(models.Model):
    """A member was asked, once for a month and day, to look after a meter that lacks readings."""

    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="reminders")
    month = models.DateField()
    sent_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["metering_point", "month", "-sent_at"], name="reminder_last")]

    def __str__(self) -> str:
        return f"{self.metering_point_id} {self.month:%Y-%m}"


class MeterFile(models.Model):
    """A file of readings that somebody handed in. It is looked at first, and becomes readings on one click."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, models.PROTECT, related_name="meter_files")
    uploaded_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="meter_files")
    token = models.ForeignKey(ApiToken, models.PROTECT, null=True, blank=True, related_name="meter_files")
    # Distributors put the CUPS into both.
    name = SealedText(validators=[MaxLengthValidator(200)])
    content = SealedBytes()
    content_sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(default=0, help_text=_("Bytes."))
    received_at = models.DateTimeField()
    metering_point = models.ForeignKey(
        MeteringPoint, models.PROTECT, null=True, blank=True, help_text=_("Of files that name no supply.")
    )
    mapping = models.ForeignKey(ColumnMapping, models.PROTECT, null=True, blank=True, related_name="meter_files")
    dialect = models.CharField(max_length=20, blank=True, help_text=_("What its hours mean, as a person chose."))
    family = models.CharField(max_length=120, blank=True, help_text=_("Its name without the version."))
    version = models.PositiveIntegerField(default=0)
    parser_version = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField(null=True, blank=True, help_text=_("When somebody wanted it stored."))
    failure = models.JSONField(null=True, blank=True, help_text=_("Why it could not be: a code and its facts."))
    committed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["community", "content_sha256", "metering_point", "dialect", "mapping", "token"],
                nulls_distinct=False,
                name="meter_file_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M} {self.content_sha256[:8]}"
