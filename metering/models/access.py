"""Tokens that let a gateway or an integrator in, for named metering points and scopes only."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Community
from community.roles import TokenScope
from metering.models.readings import MeteringPoint


class ApiToken(models.Model):
    """`azt_<key_id>.<secret>`: shown once, kept as a peppered hash, limited and revocable."""

    Scope = TokenScope

    community = models.ForeignKey(Community, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=120)
    key_id = models.CharField(max_length=16, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    metering_points = models.ManyToManyField(MeteringPoint, related_name="api_tokens")
    networks = ArrayField(
        models.CharField(max_length=43),
        default=list,
        blank=True,
        help_text=_("Where it may be used."),
    )
    broker_hash = models.CharField(max_length=160, blank=True, help_text=_("As an MQTT broker checks it."))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("created_at")), name="api_token_expires_after_creation"
            ),
        ]

    def __str__(self) -> str:
        return f"azt_{self.key_id}"


class HandOver(models.Model):
    """A token that a device fetches by itself with a code that works once and for a short time."""

    community = models.ForeignKey(Community, models.PROTECT, related_name="hand_overs")
    code_hash = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    scopes = ArrayField(models.CharField(max_length=20, choices=ApiToken.Scope))
    metering_points = models.ManyToManyField(MeteringPoint, related_name="hand_overs")
    networks = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    days = models.PositiveSmallIntegerField(help_text=_("How long the token will live."))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    token = models.OneToOneField(ApiToken, models.PROTECT, null=True, blank=True, related_name="hand_over")

    def __str__(self) -> str:
        return self.name


class IdempotentAnswer(models.Model):
    """What was answered to a call with an `Idempotency-Key`; the same call gets the same answer for a day."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="idempotent_answers")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="idempotent_answer_once")]

    def __str__(self) -> str:
        return self.key
