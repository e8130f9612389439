"""What is expected of each home, by what, and how well it was foretold."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import Community, Household


class Forecast(models.Model):
    """Expected net load of a household, slot by slot from `first_start` on (Wh, positive is need).

    Nine times in ten the net load lies below `high_wh`, and nine times in ten above `low_wh`. Load and PV are
    its parts. A forecast by profile has neither.
    """

    household = models.ForeignKey(Household, models.PROTECT, related_name="forecasts")
    issued_at = models.DateTimeField()
    first_start = models.DateTimeField()
    slot_minutes = models.PositiveSmallIntegerField()
    net_load_wh = ArrayField(models.IntegerField())
    load_wh = ArrayField(models.IntegerField(), default=list)
    pv_wh = ArrayField(models.IntegerField(), default=list)
    low_wh = ArrayField(models.IntegerField(), default=list, help_text=_("10 % quantile of the net load"))
    median_wh = ArrayField(models.IntegerField(), default=list, help_text=_("50 % quantile of the net load"))
    high_wh = ArrayField(models.IntegerField(), default=list, help_text=_("90 % quantile of the net load"))
    model = models.CharField(max_length=32, default="profile", help_text=_("What foretold it."))
    known_until = models.DateTimeField(
        null=True, blank=True, help_text=_("End of the newest slot that was metered when it was issued.")
    )
    days_seen = models.PositiveSmallIntegerField(help_text=_("Days of history behind it; 0 means a guess."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "issued_at"], name="forecast_once_an_instant"),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} from {self.first_start:%Y-%m-%d %H:%M}"


class Forecaster(models.Model):
    """The model that foretells a community's homes: its weights, and the readings that it learned from."""

    community = models.OneToOneField(Community, models.PROTECT, related_name="forecaster")
    fitted_at = models.DateTimeField()
    learned_from = models.DateTimeField()
    learned_until = models.DateTimeField()
    homes = models.PositiveIntegerField()
    model = models.JSONField(help_text=_("Weights and quantiles, as market.agents.forecasting writes them."))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(learned_until__gt=F("learned_from")), name="forecaster_learned_from_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.community_id}, {self.fitted_at:%Y-%m-%d}"


class ForecastAccuracy(models.Model):
    """How well a community's homes were foretold on one local day: sums over homes and slots.

    The forecast of a slot is the newest one issued before it. `in_band` of `banded` slots lay between the
    10 % and the 90 % quantile.
    """

    community = models.ForeignKey(Community, models.PROTECT, related_name="forecast_accuracy")
    day = models.DateField()
    compared = models.PositiveIntegerField(help_text=_("Slots of homes with a forecast and readings"))
    used_wh = models.BigIntegerField(help_text=_("Sum of the absolute net loads"))
    off_wh = models.BigIntegerField(help_text=_("Sum of the absolute errors"))
    bias_wh = models.BigIntegerField(help_text=_("Sum of forecast less metered"))
    banded = models.PositiveIntegerField()
    in_band = models.PositiveIntegerField()
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "day"], name="forecast_accuracy_once_a_day"),
            models.CheckConstraint(
                condition=Q(in_band__lte=F("banded"), banded__lte=F("compared")),
                name="forecast_accuracy_counts_fit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.community_id}, {self.day}"


class WeatherHour(models.Model):
    """The weather that an operator's forecast expects in one hour of a community; the newest file counts."""

    community = models.ForeignKey(Community, models.PROTECT, related_name="weather")
    start = models.DateTimeField()
    temperature_c = models.FloatField(null=True, blank=True)
    irradiance_w_m2 = models.FloatField(null=True, blank=True, help_text=_("Of the whole sky, on level ground"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "start"], name="weather_once_an_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.community_id}, {self.start:%Y-%m-%d %H:%M}"


class StepDown(models.Model):
    """A time in which agents decided on a lower level than they can, and why; open while `until` is empty.

    `household` is empty where it holds for the whole community.
    """

    class Level(models.TextChoices):
        PLANNER = "planner", _("Plan on a forecast")
        RULE = "rule", _("Rule by the tariff's hours")
        SELF_CONSUMPTION = "self_consumption", _("Own use only")

    community = models.ForeignKey(Community, models.PROTECT, related_name="steps_down")
    household = models.ForeignKey(Household, models.PROTECT, related_name="steps_down", null=True, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    level = models.CharField(max_length=20, choices=Level)
    reason = models.CharField(max_length=32)
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["community", "household"],
                condition=Q(until__isnull=True),
                nulls_distinct=False,
                name="step_down_is_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="step_down_ends_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household_id or self.community_id} {self.level} from {self.since:%Y-%m-%d %H:%M}"
