"""What members are told, by e-mail or on a device: what each chose, and every notice on its way."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Member


class Event(models.TextChoices):
    """What somebody may be told of."""

    STATEMENT = "statement", _("Your statement is ready")
    DIGEST = "digest", _("Your month in a letter")
    MONTH_CLOSED = "month_closed", _("The street's month was closed")
    RULES_EXPIRE = "rules_expire", _("Your agent's rules are about to end")
    METER_SILENT = "meter_silent", _("Your meter has been silent for a day")
    PRICES = "prices", _("Tomorrow has unusually cheap or dear hours")
    CAR = "car", _("Your car will not be ready in time")
    ANNOUNCED = "announced", _("The administrators announce something")
    NEW_LOGIN = "new_login", _("Somebody came in from a new browser")


class NoticeChoices(models.Model):
    """What a member wants to be told of and how; without a row the usual choices hold."""

    member = models.OneToOneField(Member, models.PROTECT, related_name="notice_choices")
    language = models.CharField(max_length=5)
    by_email = ArrayField(models.CharField(max_length=16, choices=Event), default=list)
    by_push = ArrayField(models.CharField(max_length=16, choices=Event), default=list)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "notice choices"

    def __str__(self) -> str:
        return f"{self.member}: {len(self.by_email)} by e-mail, {len(self.by_push)} on devices"


class Notice(models.Model):
    """One thing that one member is told one way: waiting, sent, or given up with the reason.

    `subject` names what it is about, so that nobody is told the same thing twice.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        PUSH = "push", _("device")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not delivered")

    member = models.ForeignKey(Member, models.PROTECT, related_name="notices")
    event = models.CharField(max_length=16, choices=Event)
    channel = models.CharField(max_length=5, choices=Channel)
    subject = models.CharField(max_length=100)
    facts = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    void_after = models.DateTimeField(null=True, blank=True, help_text=_("Later it says nothing new."))
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text=_("Not before."))
    changed_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True, help_text=_("Why it was not taken."))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "event", "subject", "channel"], name="notice_once_of_one_thing"
            )
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="notice_waiting")]

    def __str__(self) -> str:
        return f"{self.member}: {self.event} by {self.channel}, {self.state}"


class PushDevice(models.Model):
    """A browser that a member let the site speak to. Its address is sealed: it is known by its digest."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="push_devices")
    name = models.CharField(max_length=60, help_text=_("What the browser calls itself."))
    digest = models.CharField(max_length=64, unique=True)
    sealed = models.TextField()
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.member}: {self.name}"
