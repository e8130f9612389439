"""What the people of a home allowed, meter by meter, and who may read there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from community.models import Household, Member
from community.queries import in_street_order
from market.models import BankAccount, GestorMandate
from metering.models import ApiToken, Consent, MeteringPoint


@dataclass(frozen=True, slots=True)
class MeterConsents:
    """A meter, what was allowed for it, newest first, and the tokens that reach it now."""

    point: MeteringPoint
    datadis: Sequence[Consent]
    tokens: Sequence[ApiToken]


@dataclass(frozen=True, slots=True)
class HomeConsents:
    """A home's meters, its authorisations of a gestor, and the bank account that may be charged."""

    household: Household
    meters: Sequence[MeterConsents]
    gestor: Sequence[GestorMandate]
    collected_from: BankAccount | None


def consents_of(member: Member, at: datetime) -> list[HomeConsents]:
    """Everything that was allowed for the homes that a member looks after."""
    return [_home(home, at) for home in member.households.order_by(in_street_order())]


def _home(home: Household, at: datetime) -> HomeConsents:
    gestor = GestorMandate.objects.filter(household=home).select_related("given_by__user").order_by("-given_at")
    charged = BankAccount.objects.filter(household=home, replaced_at=None, mandate_signed_on__isnull=False)
    points = home.metering_points.order_by("pk")
    return HomeConsents(home, [_meter(point, at) for point in points], list(gestor), charged.first())


def _meter(point: MeteringPoint, at: datetime) -> MeterConsents:
    given = Consent.objects.filter(metering_point=point).select_related("given_by__user").order_by("-given_at")
    tokens = ApiToken.objects.filter(metering_points=point, revoked_at=None, expires_at__gt=at).order_by("name")
    return MeterConsents(point, list(given), list(tokens))
