"""The market's slots and what happens in them: orders, outcomes, trades."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import Community, Device, Household
from market.models.agents import Mandate


class Slot(models.Model):
    """One delivery interval `[start, end)` of a community. Its status only moves forward."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLEARED = "cleared", _("cleared")
        FALLBACK = "fallback", _("retailer only")

    community = models.ForeignKey(Community, models.PROTECT, related_name="slots")
    start = models.DateTimeField()
    end = models.DateTimeField()
    gate_closure = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    ordered_at = models.DateTimeField(null=True, blank=True, help_text=_("When the agents wrote their orders."))
    cleared_at = models.DateTimeField(null=True, blank=True)
    price_ueur_kwh = models.BigIntegerField(null=True, blank=True)
    price_low_ueur_kwh = models.BigIntegerField(null=True, blank=True)
    price_high_ueur_kwh = models.BigIntegerField(null=True, blank=True)
    grid_fee_ueur_kwh = models.BigIntegerField(default=0)
    grid_fee_substation_ueur_kwh = models.BigIntegerField(null=True, blank=True)
    grid_fee_beyond_ueur_kwh = models.BigIntegerField(null=True, blank=True)
    price_rule = models.CharField(max_length=24)
    fairness_rule = models.CharField(max_length=16)
    curtailment_cap_pct = models.PositiveSmallIntegerField(default=5)
    import_limit_w = models.BigIntegerField(null=True, blank=True, help_text=_("At the transformer, W"))
    export_limit_w = models.BigIntegerField(null=True, blank=True, help_text=_("At the transformer, W"))
    pool_pct = models.PositiveSmallIntegerField(default=0)
    pool_rule = models.CharField(max_length=8, default="equal")
    traded_wh = models.BigIntegerField(default=0)
    import_wh = models.BigIntegerField(default=0)
    export_wh = models.BigIntegerField(default=0)
    welfare_neur = models.BigIntegerField(default=0)
    emergency = models.BooleanField(default=False)
    reclears = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often AC power flow had the slot cleared again.")
    )
    bindings = models.JSONField(default=list, help_text=_("Grid limits that held energy back."))
    moved_limits = models.JSONField(default=list, help_text=_("Limits that AC power flow moved, and by how much."))
    rent_neur = models.BigIntegerField(default=0, help_text=_("Congestion rent of the cleared trades, n€"))
    loss_wh = models.BigIntegerField(default=0, help_text=_("Lost in cables and transformer under AC, Wh"))
    voltage_min_pu = models.FloatField(null=True, blank=True, help_text=_("Lowest voltage under AC, per unit"))
    voltage_max_pu = models.FloatField(null=True, blank=True)
    loading_max_pct = models.FloatField(
        null=True, blank=True, help_text=_("Fullest cable or transformer under AC")
    )
    signals = models.JSONField(
        null=True, blank=True, help_text=_("What all agents were told of the street before they ordered.")
    )
    problems = models.JSONField(default=list, help_text=_("Why a clearing was not published."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "start"], name="slot_once_a_start"),
            models.CheckConstraint(
                condition=Q(gate_closure__lte=F("start"), start__lt=F("end")),
                name="slot_closes_before_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(status="open", cleared_at__isnull=True)
                | Q(status__in=["cleared", "fallback"], cleared_at__isnull=False),
                name="slot_has_a_clearing_time_once_cleared",
            ),
            models.CheckConstraint(
                condition=Q(traded_wh=0) | Q(price_ueur_kwh__isnull=False),
                name="slot_has_a_price_if_it_traded",
            ),
        ]
        indexes = [
            models.Index(fields=["gate_closure"], name="slot_open_by_gate", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"{self.community_id} {self.start:%Y-%m-%d %H:%M}"


class Order(models.Model):
    """A household's wish to buy or sell in one slot. Written once, never edited."""

    class Side(models.TextChoices):
        BUY = "buy", _("buy")
        SELL = "sell", _("sell")

    class Kind(models.TextChoices):
        FIRM = "firm", _("firm")
        FLEXIBLE = "flexible", _("flexible")

    slot = models.ForeignKey(Slot, models.PROTECT, related_name="orders")
    household = models.ForeignKey(Household, models.PROTECT, related_name="orders")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="orders", db_index=False)
    device = models.ForeignKey(
        Device, models.PROTECT, null=True, blank=True, related_name="orders", db_index=False
    )
    side = models.CharField(max_length=4, choices=Side)
    kind = models.CharField(max_length=8, choices=Kind)
    energy_wh = models.BigIntegerField()
    limit_ueur_kwh = models.BigIntegerField(help_text=_("µ€/kWh: worst price accepted"))
    retailer_ueur_kwh = models.BigIntegerField(
        help_text=_("µ€/kWh that the household's own retailer charges (buy) or pays (sell) in this slot")
    )
    placed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(energy_wh__gt=0), name="order_energy_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.side} {self.energy_wh} Wh"


class Outcome(models.Model):
    """What the clearing did with one order, and the reason with its facts."""

    order = models.OneToOneField(Order, models.PROTECT, primary_key=True, related_name="outcome")
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="outcomes")
    local_wh = models.BigIntegerField(help_text=_("traded with neighbours"))
    retailer_wh = models.BigIntegerField(help_text=_("left to the household's own retailer"))
    curtailed_wh = models.BigIntegerField(default=0, help_text=_("held back by the grid"))
    lost_neur = models.BigIntegerField(default=0, help_text=_("gain that what was held back would have brought"))
    reason = models.CharField(max_length=32)
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(local_wh__gte=0, retailer_wh__gte=0, curtailed_wh__gte=0),
                name="outcome_energy_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.reason}"


class Trade(models.Model):
    """Cleared energy of one order at the slot's price."""

    order = models.OneToOneField(Order, models.PROTECT, primary_key=True, related_name="trade")
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="trades")
    household = models.ForeignKey(Household, models.PROTECT, related_name="trades")
    side = models.CharField(max_length=4, choices=Order.Side)
    energy_wh = models.BigIntegerField()
    price_ueur_kwh = models.BigIntegerField(
        help_text=_("what the buyer pays, grid fee included; a seller nets this less the slot's grid fee")
    )
    distance_ueur_kwh = models.BigIntegerField(
        default=0,
        help_text=_("part of the price that pays for distance: + where energy comes in, − where it goes"),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(energy_wh__gt=0), name="trade_energy_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.side} {self.energy_wh} Wh"
