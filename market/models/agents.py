"""What an owner allows the agent, what the agent plans and asks of the devices."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import Device, Household


class Mandate(models.Model):
    """Limits that a household gives its agent. A change is a new version; orders cite the one they obeyed."""

    class Objective(models.TextChoices):
        SAVINGS = "savings", _("Savings")
        REVENUE = "revenue", _("Revenue")
        RESILIENCE = "resilience", _("Resilience")

    class Period(models.TextChoices):
        P1 = "P1", _("Peak")
        P2 = "P2", _("Mid")
        P3 = "P3", _("Off-peak")

    household = models.ForeignKey(Household, models.PROTECT, related_name="mandates")
    valid_from = models.DateTimeField()
    min_sell_ueur_kwh = models.BigIntegerField(default=0, help_text=_("µ€/kWh that a sale must bring at least"))
    max_buy_ueur_kwh = models.BigIntegerField(default=1_000_000, help_text=_("µ€/kWh paid at most"))
    reserve_pct = models.PositiveSmallIntegerField(default=10)
    sell_periods = ArrayField(models.CharField(max_length=2, choices=Period), default=list)
    buy_periods = ArrayField(models.CharField(max_length=2, choices=Period), default=list)
    grid_charge = models.BooleanField(default=False)
    objective = models.CharField(max_length=12, choices=Objective, default=Objective.SAVINGS)
    paused = models.BooleanField(default=False)
    given_by = models.ForeignKey("community.Member", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "valid_from"], name="mandate_once_an_instant"),
            models.CheckConstraint(
                condition=Q(reserve_pct__gte=5, reserve_pct__lte=100),
                name="mandate_reserve_is_5_to_100_percent",
            ),
            models.CheckConstraint(
                condition=Q(max_buy_ueur_kwh__gte=0, min_sell_ueur_kwh__gte=0),
                name="mandate_prices_are_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household} from {self.valid_from:%Y-%m-%d %H:%M}"


class PlanStep(models.Model):
    """What the agent means to do next with a device, and why. A newer plan supersedes the older."""

    household = models.ForeignKey(Household, models.PROTECT, related_name="plan_steps")
    device = models.ForeignKey(Device, models.PROTECT, related_name="plan_steps", null=True, blank=True)
    planned_at = models.DateTimeField()
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)
    start = models.DateTimeField()
    end = models.DateTimeField()
    energy_wh = models.BigIntegerField()
    limit_ueur_kwh = models.BigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=32)
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household", "planned_at", "position"], name="plan_step_has_one_place"
            ),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="plan_step_takes_time"),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.kind} {self.start:%Y-%m-%d %H:%M}"


class SetPoint(models.Model):
    """Energy that a device should take (+) or give (−) in one slot, at the AC side.

    `base_wh` is the agent's own-use part; what cleared is added when the slot clears.
    """

    slot = models.ForeignKey("market.Slot", models.PROTECT, related_name="set_points")
    # Looked up by slot; an index on the device alone would mislead the planner as the years go by.
    device = models.ForeignKey(Device, models.PROTECT, related_name="set_points", db_index=False)
    base_wh = models.BigIntegerField()
    energy_wh = models.BigIntegerField(null=True, blank=True, help_text=_("Empty until the slot clears."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slot", "device"], name="set_point_once_a_slot")]

    def __str__(self) -> str:
        return f"{self.slot_id}/{self.device_id}: {self.energy_wh} Wh"
