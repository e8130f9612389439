"""What an owner allows the agent, what the agent plans and asks of the devices."""

from datetime import datetime

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
    cycles_tenths = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Full cycles of the battery a local day, in tenths; empty: no limit")
    )
    ev_ready_minute = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Minute of the local day by which a car that says nothing is ready")
    )
    ev_target_wh = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Energy for a car that says nothing, Wh from plugging in")
    )
    ev_from_minute = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Minute of the local day from which a car may charge; empty: at any")
    )
    ev_until_minute = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text=_("Minute of the local day until which it may, past midnight if not later"),
    )
    valid_until = models.DateTimeField(null=True, blank=True, help_text=_("Empty: until there are new rules"))
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
            models.CheckConstraint(
                condition=(Q(cycles_tenths__isnull=True) | Q(cycles_tenths__gt=0))
                & (Q(ev_ready_minute__isnull=True) | Q(ev_ready_minute__lt=1440))
                & (Q(ev_target_wh__isnull=True) | Q(ev_target_wh__gt=0)),
                name="mandate_battery_and_car_are_possible",
            ),
            models.CheckConstraint(
                condition=Q(ev_from_minute__isnull=True, ev_until_minute__isnull=True)
                | Q(ev_from_minute__isnull=False, ev_until_minute__isnull=False)
                & Q(ev_from_minute__lt=1440, ev_until_minute__lt=1440)
                & ~Q(ev_from_minute=F("ev_until_minute")),
                name="mandate_car_has_hours_with_two_ends",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="mandate_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household} from {self.valid_from:%Y-%m-%d %H:%M}"

    def expired_at(self, at: datetime) -> bool:
        """Whether the mandate no longer lets the agent trade in what begins at `at`."""
        return self.valid_until is not None and self.valid_until <= at


class MandateHours(models.Model):
    """Limits of a mandate in a tariff period, or in hours of the owner's own; written with it, never changed."""

    class Days(models.TextChoices):
        EVERY = "every", _("Every day")
        WORKING = "working", _("Working days")
        REST = "rest", _("Weekends and holidays")

    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="hours")
    position = models.PositiveSmallIntegerField()
    period = models.CharField(max_length=2, choices=Mandate.Period, blank=True)
    days = models.CharField(max_length=8, choices=Days, default=Days.EVERY)
    from_minute = models.PositiveSmallIntegerField(default=0, help_text=_("Minute of the local day"))
    to_minute = models.PositiveSmallIntegerField(
        default=1440, help_text=_("Minute of the local day, the next one if it is not later")
    )
    min_sell_ueur_kwh = models.BigIntegerField(null=True, blank=True)
    max_buy_ueur_kwh = models.BigIntegerField(null=True, blank=True)
    may_trade = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mandate", "position"], name="mandate_hours_have_one_place"),
            models.CheckConstraint(
                condition=Q(from_minute__lt=1440, to_minute__gt=0, to_minute__lte=1440)
                & ~Q(from_minute=F("to_minute")),
                name="mandate_hours_take_time",
            ),
            models.CheckConstraint(
                condition=Q(period="") | Q(days="every", from_minute=0, to_minute=1440),
                name="mandate_hours_are_a_period_or_own",
            ),
            models.CheckConstraint(
                condition=(Q(min_sell_ueur_kwh__isnull=True) | Q(min_sell_ueur_kwh__gte=0))
                & (Q(max_buy_ueur_kwh__isnull=True) | Q(max_buy_ueur_kwh__gte=0))
                & (Q(may_trade=False) | Q(min_sell_ueur_kwh__isnull=False) | Q(max_buy_ueur_kwh__isnull=False)),
                name="mandate_hours_limit_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mandate_id}/{self.position}"


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
    why = models.JSONField(
        default=dict, help_text=_("What its energy was worth to the agent, and what made it so.")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slot", "device"], name="set_point_once_a_slot")]

    def __str__(self) -> str:
        return f"{self.slot_id}/{self.device_id}: {self.energy_wh} Wh"
