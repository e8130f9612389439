"""What workers could not do, until it is done."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FailedJob(models.Model):
    """A task with what it was given, and why it failed last. Its next success takes the row away."""

    task = models.CharField(max_length=80)
    given = models.JSONField()
    error = models.CharField(max_length=500, help_text=_("Without anybody's codes, addresses or passwords."))
    attempts = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "given"], name="failed_job_once")]

    def __str__(self) -> str:
        return f"{self.task} {self.given}"
