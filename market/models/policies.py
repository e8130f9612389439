"""Trained policies, from their training to the homes that follow them, and why each step was taken."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import Community


class TrainingRun(models.Model):
    """One training of a community's policy. Its checkpoint is all that a worker needs to go on with it."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    class Why(models.TextChoices):
        FIRST = "first", _("the first one")
        WEEKLY = "weekly", _("a week has passed")
        CHANGED = "changed", _("tariffs or devices changed")
        ASKED = "asked", _("an administrator asked for it")

    community = models.ForeignKey(Community, models.PROTECT, related_name="training_runs")
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    why = models.CharField(max_length=8, choices=Why)
    seed = models.PositiveIntegerField()
    recipe = models.JSONField(default=dict, help_text=_("How it trains, and the weights that it starts from."))
    plant_hash = models.CharField(
        max_length=32, help_text=_("Of tariffs, devices and limits that it learns from.")
    )
    asked_at = models.DateTimeField(help_text=_("It learns from what was known then."))
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    generation = models.PositiveIntegerField(default=0)
    generations = models.PositiveIntegerField(default=0)
    idle_starts = models.PositiveSmallIntegerField(
        default=0, help_text=_("Starts since the last checkpoint; too many and the run is given up.")
    )
    checkpoint = models.JSONField(null=True, blank=True)
    weeks = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("Weeks with enough readings."))
    report = models.JSONField(null=True, blank=True, help_text=_("What the gate found; money in n€."))
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["community"],
                condition=Q(status__in=["queued", "running"]),
                name="training_runs_once_a_community",
            ),
            models.CheckConstraint(
                condition=Q(generation__lte=F("generations")), name="training_run_does_not_pass_its_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.asked_at:%Y-%m-%d %H:%M}: {self.status}"

    @property
    def is_open(self) -> bool:
        """Whether it waits or goes on."""
        return self.status in {self.Status.QUEUED, self.Status.RUNNING}


class Policy(models.Model):
    """Weights that agents may follow. Without a community they are the ones that ship."""

    class Status(models.TextChoices):
        CHALLENGER = "challenger", _("newly trained")
        REFUSED = "refused", _("refused")
        SHADOW = "shadow", _("on trial without homes")
        CANARY = "canary", _("on trial in some homes")
        CHAMPION = "champion", _("decides")
        RETIRED = "retired", _("replaced")
        ROLLED_BACK = "rolled_back", _("rolled back")

    community = models.ForeignKey(Community, models.PROTECT, related_name="policies", null=True, blank=True)
    run = models.OneToOneField(TrainingRun, models.PROTECT, related_name="policy", null=True, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.CHALLENGER)
    weights = models.JSONField()
    digest = models.CharField(max_length=12)
    steps = models.JSONField(default=list, help_text=_("Each step of its life: when, to what, why."))
    made_at = models.DateTimeField()
    shadow_at = models.DateTimeField(null=True, blank=True)
    canary_at = models.DateTimeField(null=True, blank=True)
    champion_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    canary_homes = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["community"],
                condition=Q(status="champion"),
                nulls_distinct=False,
                name="policy_one_champion_a_community",
            ),
            models.UniqueConstraint(
                fields=["community"],
                condition=Q(status__in=["shadow", "canary"]),
                name="policy_one_on_trial_a_community",
            ),
            models.CheckConstraint(
                condition=~Q(status="champion") | Q(champion_at__isnull=False, ended_at__isnull=True),
                name="policy_champion_has_begun_and_not_ended",
            ),
            models.CheckConstraint(
                condition=~Q(status="canary") | Q(canary_at__isnull=False, ended_at__isnull=True),
                name="policy_canary_has_begun_and_not_ended",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["refused", "retired", "rolled_back"]) | Q(ended_at__isnull=False),
                name="policy_that_ended_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.digest}: {self.status}"
