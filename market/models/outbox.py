"""What has to be told to somebody outside, until it is told."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """One thing to do outside: waiting, done, or parked after too many failures. The key makes it one."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        PARKED = "parked", _("given up")

    topic = models.CharField(max_length=20)
    key = models.CharField(max_length=200, unique=True)
    payload = models.JSONField()
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text=_("Failures; waiting for an answer is none."))
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(help_text=_("Not before."))
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="outbox_waiting")]

    def __str__(self) -> str:
        return self.key
