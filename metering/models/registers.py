"""What meters' dials showed, and when a meter was changed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Member
from metering.models.readings import MeteringPoint, Reading, Upload


class RegisterReading(models.Model):
    """What one dial showed at one instant, as it came. Energy of intervals is the difference of two.

    One that is `set_aside` contradicts its neighbours; it counts once a declared change explains it.
    """

    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="registers", db_index=False)
    channel = models.CharField(max_length=10, choices=Reading.Channel)
    at = models.DateTimeField()
    version = models.PositiveSmallIntegerField(default=1)
    register_wh = models.BigIntegerField()
    set_aside = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="registers")
    row = models.PositiveIntegerField(help_text=_("Place in the upload, counted from 0; in a file, its line."))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["metering_point", "channel", "at", "version"], name="register_once_a_version"
            ),
            models.CheckConstraint(condition=Q(register_wh__gte=0), name="register_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.metering_point_id} {self.channel} {self.at:%Y-%m-%d %H:%M:%S}: {self.register_wh} Wh"


class MeterChange(models.Model):
    """Declared by a person: a new meter, or a dial that began anew, from `at` on."""

    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="changes")
    channel = models.CharField(max_length=10, choices=Reading.Channel)
    at = models.DateTimeField(help_text=_("The first instant of the new dial."))
    final_wh = models.BigIntegerField(help_text=_("What the old dial showed in the end."))
    first_wh = models.BigIntegerField(help_text=_("What the new dial showed in the beginning."))
    declared_by = models.ForeignKey(Member, models.PROTECT, related_name="meter_changes")
    declared_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["metering_point", "channel", "at"], name="meter_change_once"),
            models.CheckConstraint(
                condition=Q(final_wh__gte=0, first_wh__gte=0), name="meter_change_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metering_point_id} {self.channel} changed {self.at:%Y-%m-%d %H:%M}"
