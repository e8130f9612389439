"""Tokens for gateways and integrators: `azt_<key id>.<secret>`, shown once, stored as a peppered hash."""

import base64
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from community.models import Community, Household, Member, What
from community.roles import Can
from community.services.audit import Actor, record_for
from community.services.homes import HomeChangedHands, lock_all_as_seen
from community.services.powers import hold
from metering.models import ApiToken, HandOver, MeteringPoint

LIFETIME = timedelta(days=365)
PREFIX = "azt_"
# Written at most this often, so that reading a meter every minute does not write a row every minute.
USE_NOTED_EVERY = timedelta(minutes=1)


# A code is typed or scanned at once; its letters cannot be mistaken for each other.
CODE_LIFETIME = timedelta(hours=24)
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12
# As mosquitto writes it: PBKDF2 with SHA-512. The secret has 256 bits of chance, so few rounds are enough.
BROKER_ROUNDS = 101


class InvalidCode(Exception):
    """The code is unknown, used or too old. The message never says which."""


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
    networks: Sequence[str] = (),
    by: Actor = None,
) -> tuple[ApiToken, str]:
    """Create a token for some metering points of one community; the returned text is shown this once.

    `networks` (such as `203.0.113.0/24`) are where it may be used; none means anywhere. Raises `HomeChangedHands`
    and `NotAllowed`: what ends with a membership would miss a token that came at the same moment.
    """
    _hold(metering_points, community, by)
    secret = secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        community=community,
        name=name,
        key_id=secrets.token_hex(6),
        secret_hash=_hash(secret),
        scopes=list(scopes),
        created_at=at,
        expires_at=at + lifetime,
        networks=list(networks),
        broker_hash=_broker_hash(secret),
    )
    token.metering_points.set(metering_points)
    _note(What.TOKEN_ISSUED, token, at, by)
    return token, f"{PREFIX}{token.key_id}.{secret}"


def find_token(*, text: str, at: datetime, address: str = "") -> ApiToken:
    """The live token that a request from `address` shows. Raises `InvalidToken`."""
    key_id, _, secret = text.removeprefix(PREFIX).partition(".")
    known = ApiToken.objects.select_related("community").filter(key_id=key_id)
    token = known.first() if key_id.isalnum() else None  # what no key is called may not even be asked for
    # Compared even for an unknown key, so that the answer takes as long either way.
    matches = hmac.compare_digest(_hash(secret), token.secret_hash if token else _hash(""))
    if not text.startswith(PREFIX) or token is None or not matches:
        raise InvalidToken
    if token.revoked_at is not None or token.expires_at <= at or not _may_come_from(token, address):
        raise InvalidToken
    note_use(token=token, at=at)
    return token


def _may_come_from(token: ApiToken, address: str) -> bool:
    if not token.networks:
        return True
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(caller in ipaddress.ip_network(network) for network in token.networks)


def note_use(*, token: ApiToken, at: datetime) -> None:
    """Remember when a token was last used, to the minute."""
    if token.last_used_at is None or at - token.last_used_at >= USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)


@transaction.atomic
def revoke_token(*, token: ApiToken, at: datetime, by: Actor = None) -> None:
    """Make a token useless from `at` on; revoking it again changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=at):
        _note(What.TOKEN_REVOKED, token, at, by)


@transaction.atomic
def prepare_hand_over(
    *,
    community: Community,
    name: str,
    scopes: Sequence[str],
    metering_points: Sequence[MeteringPoint],
    networks: Sequence[str],
    days: int,
    at: datetime,
    by: Member | None = None,
) -> tuple[HandOver, str]:
    """A token to be fetched by a device; the returned code is shown this once and works once.

    Raises `HomeChangedHands` and `NotAllowed`.
    """
    _hold(metering_points, community, by)
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    hand_over = HandOver.objects.create(
        community=community,
        code_hash=_hash(code),
        name=name,
        scopes=list(scopes),
        networks=list(networks),
        days=days,
        created_at=at,
        expires_at=at + CODE_LIFETIME,
    )
    hand_over.metering_points.set(metering_points)
    _note(What.CODE_PREPARED, hand_over, at, by)
    return hand_over, "-".join(code[i : i + 4] for i in range(0, CODE_LENGTH, 4))


@transaction.atomic
def claim(*, code: str, at: datetime) -> tuple[ApiToken, str]:
    """The token that a code stands for, and its text; the code is worth nothing after. Raises `InvalidCode`."""
    plain = "".join(letter for letter in code.upper() if letter in CODE_LETTERS)
    known = HandOver.objects.filter(token__isnull=True, expires_at__gt=at, code_hash=_hash(plain))
    points = list(MeteringPoint.objects.filter(hand_overs__in=known).select_related("household"))
    try:
        # Homes before the code, as whoever ends a membership does.
        lock_all_as_seen(point.household for point in points)
    except HomeChangedHands as error:
        raise InvalidCode from error
    hand_over = known.select_for_update(of=("self",)).select_related("community").first()
    if hand_over is None:
        raise InvalidCode
    token, text = issue_token(
        community=hand_over.community,
        name=hand_over.name,
        scopes=hand_over.scopes,
        metering_points=points,
        at=at,
        lifetime=timedelta(days=hand_over.days),
        networks=hand_over.networks,
    )
    hand_over.token = token
    hand_over.save(update_fields=["token"])
    _note(What.TOKEN_FETCHED, token, at, token_name(token))
    return token, text


def _hold(points: Sequence[MeteringPoint], community: Community, by: Actor) -> None:
    if isinstance(by, Member):
        hold(Can.GIVE_TOKENS, by)
    if any(point.household.community_id != community.pk for point in points):
        raise ValueError("A token reaches metering points of its own community only.")
    lock_all_as_seen(point.household for point in points)


def token_name(token: ApiToken) -> str:
    """How a token is called where it is noted what it did.

    By its key: a name may be a person's, and nothing that was noted can be changed.
    """
    return str(token)


def _note(what: What, about: ApiToken | HandOver, at: datetime, by: Actor) -> None:
    homes = Household.objects.filter(metering_points__in=about.metering_points.all()).distinct()
    record_for(homes, what, at=at, by=by, about=about, reason=", ".join(about.scopes))


def _broker_hash(secret: str) -> str:
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, BROKER_ROUNDS)
    parts = ("7", str(BROKER_ROUNDS), base64.b64encode(salt).decode(), base64.b64encode(digest).decode())
    return "$" + "$".join(parts)


def _hash(secret: str) -> str:
    return hmac.new(settings.TOKEN_PEPPER.encode(), secret.encode(), hashlib.sha256).hexdigest()
