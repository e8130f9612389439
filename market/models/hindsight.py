"""What a month would have cost a street, had it been lived otherwise."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Community


class Hindsight(models.Model):
    """The whole weeks of a closed month lived again, n€ of all homes together. Without a whole week: none."""

    community = models.ForeignKey(Community, models.PROTECT, related_name="hindsights")
    month = models.DateField(help_text=_("First day of the month."))
    weeks = models.PositiveSmallIntegerField(help_text=_("Whole weeks that had enough readings."))
    alone_neur = models.BigIntegerField(default=0, help_text=_("Each home with its retailer alone."))
    rule_neur = models.BigIntegerField(default=0, help_text=_("By the best rule of the tariff's hours."))
    agents_neur = models.BigIntegerField(default=0, help_text=_("By the policy that decides now."))
    foresight_neur = models.BigIntegerField(default=0, help_text=_("Had everything been known before."))
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "month"], name="hindsight_once_a_month"),
            models.CheckConstraint(
                condition=Q(weeks__gt=0) | Q(alone_neur=0, rule_neur=0, agents_neur=0, foresight_neur=0),
                name="hindsight_without_weeks_says_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.month:%Y-%m}"
