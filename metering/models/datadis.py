"""Datadis: the account that asks, who consented to it for which meter, and every query that was made."""

from django.db import models
from django.db.models import Q

from community.models import Community, Member
from metering.models.files import MeterFile
from metering.models.readings import MeteringPoint


class DatadisAccount(models.Model):
    """The login with which a community asks Datadis; the password is sealed."""

    community = models.OneToOneField(Community, models.PROTECT, related_name="datadis_account")
    nif = models.CharField("NIF", max_length=12)
    sealed_password = models.TextField()
    changed_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Datadis: {self.community}"


class Consent(models.Model):
    """A holder lets the community ask Datadis for one meter, until a day or until it is taken back."""

    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="consents")
    sealed_nif = models.TextField()
    given_by = models.ForeignKey(Member, models.PROTECT, related_name="consents")
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    distributor_code = models.CharField(max_length=4, blank=True)
    point_type = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["metering_point"], condition=Q(revoked_at__isnull=True), name="one_consent_a_meter"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("given_at")), name="consent_expires_later"),
        ]

    def __str__(self) -> str:
        return f"{self.metering_point_id} until {self.expires_at:%Y-%m-%d}"


class DatadisQuery(models.Model):
    """One query, written down before it is made: Datadis answers the same one only once in 24 hours."""

    class Kind(models.TextChoices):
        SUPPLIES = "supplies"
        CONSUMPTION = "consumption"

    consent = models.ForeignKey(Consent, models.PROTECT, related_name="queries")
    kind = models.CharField(max_length=12, choices=Kind)
    month = models.DateField(null=True, blank=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    file = models.ForeignKey(MeterFile, models.PROTECT, null=True, blank=True, related_name="datadis_queries")

    class Meta:
        indexes = [models.Index(fields=["consent", "kind", "month", "-asked_at"], name="datadis_query_last")]

    def __str__(self) -> str:
        return f"{self.kind} {self.month or ''} {self.outcome}".strip()
