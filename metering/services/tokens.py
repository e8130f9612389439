"""Tokens for gateways and integrators: `azt_<key id>.<secret>`, shown once, stored as a peppered hash."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from community.models import Community
from metering.models import ApiToken, MeteringPoint

LIFETIME = timedelta(days=365)
PREFIX = "azt_"
# Written at most this often, so that reading a meter every minute does not write a row every minute.
USE_NOTED_EVERY = timedelta(minutes=1)


class InvalidToken(Exception):
    """The token is unknown, expired or revoked. The message never says which."""


@transaction.atomic
def issue_token(
    *,
    community: Community,
    name: str,
    scopes: Sequence[str],
    metering_points: Sequence[MeteringPoint],
    at: datetime,
    lifetime: timedelta = LIFETIME,
) -> tuple[ApiToken, str]:
    """Create a token for some metering points of one community; the returned text is shown this once."""
    if any(point.household.community_id != community.pk for point in metering_points):
        raise ValueError("A token reaches metering points of its own community only.")
    secret = secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        community=community,
        name=name,
        key_id=secrets.token_hex(6),
        secret_hash=_hash(secret),
        scopes=list(scopes),
        created_at=at,
        expires_at=at + lifetime,
    )
    token.metering_points.set(metering_points)
    return token, f"{PREFIX}{token.key_id}.{secret}"


def find_token(*, text: str, at: datetime) -> ApiToken:
    """The live token that a request shows. Raises `InvalidToken`."""
    key_id, _, secret = text.removeprefix(PREFIX).partition(".")
    token = ApiToken.objects.select_related("community").filter(key_id=key_id).first()
    # Compared even for an unknown key, so that the answer takes as long either way.
    matches = hmac.compare_digest(_hash(secret), token.secret_hash if token else _hash(""))
    if not text.startswith(PREFIX) or token is None or not matches:
        raise InvalidToken
    if token.revoked_at is not None or token.expires_at <= at:
        raise InvalidToken
    if token.last_used_at is None or at - token.last_used_at >= USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
    return token


def revoke_token(*, token: ApiToken, at: datetime) -> None:
    """Make a token useless from `at` on; revoking it again changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=at)


def _hash(secret: str) -> str:
    return hmac.new(settings.TOKEN_PEPPER.encode(), secret.encode(), hashlib.sha256).hexdigest()
