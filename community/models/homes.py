"""Homes, what stands in them, and what their devices last reported."""

from datetime import date, datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models.grid import Node
from community.models.people import Community, Member


class Household(models.Model):
    """A home that a member acts for, connected at one node of the feeder."""

    class Phase(models.TextChoices):
        ALL = "abc", _("Three-phase")
        A = "a", _("Phase a")
        B = "b", _("Phase b")
        C = "c", _("Phase c")
        UNKNOWN = "", _("Not known")

    community = models.ForeignKey(Community, models.PROTECT, related_name="households")
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="households", null=True, blank=True,
        help_text=_("Who acts for this home; empty until somebody accepts the invitation."),
    )  # fmt: skip
    records_from = models.DateTimeField(
        null=True, blank=True, help_text=_("What is older belongs to who looked after the home before.")
    )
    name = models.CharField(_("name"), max_length=120)
    node = models.ForeignKey(Node, models.PROTECT, related_name="households", null=True, blank=True)
    phase = models.CharField(max_length=3, choices=Phase, default=Phase.ALL, blank=True)
    tan_phi = models.FloatField(default=0.0, help_text=_("Reactive per active power that the home draws."))
    priority = models.PositiveSmallIntegerField(
        default=0, help_text=_("Social priority that the community agreed on; 0 is none, 9 the highest.")
    )
    contracted_w = models.PositiveIntegerField(default=5_750)

    class Meta:
        constraints = [
            # With a condition (it always holds) it is no key that rows may point to: renaming holds up no trades.
            models.UniqueConstraint(
                fields=["community", "name"],
                condition=Q(community__isnull=False),
                name="household_has_its_own_name",
                violation_error_message=_("The community has a home of this name already."),
            ),
            models.CheckConstraint(condition=Q(contracted_w__gt=0), name="household_power_is_positive"),
            models.CheckConstraint(condition=Q(priority__lte=9), name="household_priority_is_0_to_9"),
            models.CheckConstraint(
                condition=Q(tan_phi__gte=-2.0, tan_phi__lte=2.0), name="household_power_factor_is_plausible"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def own_from(self, start: datetime) -> datetime:
        """`start`, or when the records of who looks after the home now begin, if that is later."""
        return max(start, self.records_from or start)

    @property
    def own_since(self) -> date:
        """The day on which those records begin; a month that began before is only partly the present member's."""
        return self.records_from.astimezone(self.community.zone).date() if self.records_from else date.min


class Device(models.Model):
    """A PV plant, battery, EV charger or load of a household. Fields that a kind lacks stay empty."""

    class Kind(models.TextChoices):
        PV = "pv", _("Solar panels")
        BATTERY = "battery", _("Battery")
        EV_CHARGER = "ev_charger", _("Car charger")
        LOAD = "load", _("Load that may stay off")

    household = models.ForeignKey(Household, models.PROTECT, related_name="devices")
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=120)
    peak_w = models.PositiveIntegerField(null=True, blank=True, help_text=_("PV: peak power, W"))
    capacity_wh = models.PositiveIntegerField(null=True, blank=True, help_text=_("Battery: usable energy, Wh"))
    charge_w = models.PositiveIntegerField(null=True, blank=True)
    discharge_w = models.PositiveIntegerField(null=True, blank=True)
    efficiency_ppm = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Battery: one way, parts per million")
    )
    worth_ueur_kwh = models.PositiveBigIntegerField(
        null=True, blank=True, help_text=_("Load: what a kWh is worth to its owner, µ€/kWh; dearer, it stays off")
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="device_has_the_figures_of_its_kind",
                condition=Q(kind="pv", peak_w__gt=0)
                | Q(
                    kind="battery",
                    capacity_wh__gt=0,
                    charge_w__gt=0,
                    discharge_w__gt=0,
                    efficiency_ppm__gt=0,
                    efficiency_ppm__lte=1_000_000,
                )
                | Q(kind="ev_charger", charge_w__gt=0)
                | Q(kind="load", charge_w__gt=0, worth_ueur_kwh__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household.name}: {self.called}"

    @property
    def called(self) -> str:
        """Its name, or what it is where nobody gave it one."""
        return device_name(self.name, self.kind)


def device_name(name: str, kind: str) -> str:
    """What a device is called: by its kind, in the reader's language, where nobody gave it a name."""
    return name or str(Device.Kind(kind).label)


class DeviceState(models.Model):
    """What a battery or car charger reported at one instant. Rows are added, never changed."""

    device = models.ForeignKey(Device, models.PROTECT, related_name="states", db_index=False)
    at = models.DateTimeField()
    energy_wh = models.IntegerField(
        null=True, blank=True, help_text=_("AC energy since the report before, Wh: + taken, − given")
    )
    soc_wh = models.PositiveIntegerField(null=True, blank=True, help_text=_("Battery: stored energy, Wh"))
    plugged_in = models.BooleanField(default=False)
    need_wh = models.PositiveIntegerField(
        default=0, help_text=_("Car: energy still wanted; load: wanted in a quarter of an hour; Wh")
    )
    ready_by = models.DateTimeField(null=True, blank=True)

    class Meta:
        # A year of what a battery moved is read from the index alone: its rows lie on as many pages as there are.
        indexes = [models.Index(fields=["device", "at"], name="device_state_energies", include=["energy_wh"])]
        constraints = [models.UniqueConstraint(fields=["device", "at"], name="device_state_once_an_instant")]

    def __str__(self) -> str:
        return f"{self.device_id} @ {self.at:%Y-%m-%d %H:%M}"
