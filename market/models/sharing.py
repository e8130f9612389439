"""Coefficients that members agreed on for a common installation, version by version."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Community, Household, Member


class SharingSet(models.Model):
    """Which part of the common generation each supply gets, as agreed on one day. Sets are added only."""

    class Kind(models.TextChoices):
        ADVISED = "advised", _("as advised")
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
    def is_hourly(self) -> bool:
        """Whether every hour has coefficients of its own."""
        return bool(self.hourly_ppm)

    @property
    def beta_ppm(self) -> dict[str, int | list[int]]:
        """The coefficients as the file has them."""
        found: dict[str, int | list[int]] = self.hourly_ppm or self.constant_ppm
        return found


class SharingAdvice(models.Model):
    """Coefficients that would have suited a community's last year, asked for by somebody, found by a worker."""

    class Aim(models.TextChoices):
        MOST = "most", _("All together save most")
        FAIREST = "fairest", _("Who gains least gains most")

    class Status(models.TextChoices):
        ASKED = "asked", _("being worked out")
        DONE = "done", _("done")
        NOTHING = "nothing", _("nothing better found")

    community = models.ForeignKey(Community, models.PROTECT, related_name="sharing_advice")
    aim = models.CharField(max_length=8, choices=Aim)
    hourly = models.BooleanField(help_text=_("By the hour of the clock, month and kind of day; else fixed."))
    status = models.CharField(max_length=8, choices=Status, default=Status.ASKED)
    asked_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    hours = models.PositiveIntegerField(default=0, help_text=_("Hours of readings that it rests on."))
    supplies = models.JSONField(default=list, help_text=_("CUPS of the members, in the order of all lists."))
    rows_ppm = models.JSONField(default=list, help_text=_("Millionths by group and member."))
    saving_neur = models.JSONField(default=list)
    today_neur = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "sharing advice"

    def __str__(self) -> str:
        return f"{self.community_id} {self.aim} {self.asked_at:%Y-%m-%d}"


class SharingSignature(models.Model):
    """A home's word that it agrees to a set of coefficients, given by its member in the app."""

    set = models.ForeignKey(SharingSet, models.PROTECT, related_name="signatures")
    household = models.ForeignKey(Household, models.PROTECT, related_name="+")
    given_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["set", "household"], name="sharing_signature_once_a_home")]

    def __str__(self) -> str:
        return f"{self.set}: {self.household_id}"


class GestorMandate(models.Model):
    """A home's authorisation of the community to act as its gestor de autoconsumo before the distributor.

    Another one after a revocation is another row; distributors ask for proof of each.
    """

    household = models.ForeignKey(Household, models.PROTECT, related_name="gestor_mandates")
    gestor = models.CharField(max_length=120, help_text=_("Who was authorised, as named on that day."))
    given_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=models.Q(revoked_at=None), name="gestor_mandate_one_holds"
            )
        ]

    def __str__(self) -> str:
        return f"{self.household_id}: {self.gestor}"
