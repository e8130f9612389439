"""A home's electronics that speak to a network: what they are, which version they run, how they are reached."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Device, Household
from metering.models.access import ApiToken


class Equipment(models.Model):
    """A gateway, inverter, charger or battery's electronics. What is taken down stays, marked.

    It is heard of through its token or the reports of its device; without either, a person looks after it.
    """

    class Kind(models.TextChoices):
        GATEWAY = "gateway", _("Gateway")
        INVERTER = "inverter", _("Inverter")
        CHARGER = "charger", _("Car charger")
        BATTERY = "battery", _("Battery electronics")
        OTHER = "other", _("Something else")

    class Reached(models.TextChoices):
        OUTBOUND = "outbound", _("It calls out by itself")
        GATEWAY = "gateway", _("Only through the gateway at home")
        CLOUD = "cloud", _("Through its maker's cloud")
        OFFLINE = "offline", _("Not at all: it has no network")
        OPEN_PORT = "open_port", _("From the Internet, through an open port")

    household = models.ForeignKey(Household, models.PROTECT, related_name="equipment")
    kind = models.CharField(max_length=8, choices=Kind)
    maker = models.CharField(max_length=80, blank=True)
    model = models.CharField(max_length=80, blank=True)
    firmware = models.CharField(max_length=80, blank=True)
    reached = models.CharField(max_length=9, choices=Reached, default=Reached.GATEWAY)
    device = models.ForeignKey(Device, models.PROTECT, related_name="equipment", null=True, blank=True)
    token = models.ForeignKey(ApiToken, models.PROTECT, related_name="equipment", null=True, blank=True)
    checked_at = models.DateTimeField(
        help_text=_("When model and version were last told, by a person or a report.")
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device"], condition=Q(retired_at__isnull=True), name="equipment_once_a_device"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household.name}: {self.maker} {self.model}".strip()
