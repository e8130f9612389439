"""What homes agree to about sharing: a set of coefficients, and the community as their gestor de autoconsumo."""

from datetime import datetime

from django.db import transaction

from community.models import Household, Member, What
from community.services.audit import record
from community.services.homes import lock_as_seen
from market.models import GestorMandate, SharingSet, SharingSignature


@transaction.atomic
def sign_set(*, household: Household, found: SharingSet, by: Member, at: datetime) -> SharingSignature:
    """Note that a home agrees to a set of its community; the first word stays.

    Raises ValueError for another's, and `HomeChangedHands`.
    """
    lock_as_seen(household)
    if found.community_id != household.community_id:
        raise ValueError("A home agrees to sets of its own community only.")
    facts = {"given_by": by, "given_at": at}
    signature, new = SharingSignature.objects.get_or_create(set=found, household=household, defaults=facts)
    if new:
        record(
            What.COEFFICIENTS_AGREED, community=household.community, at=at, by=by, about=found, household=household
        )
    return signature


@transaction.atomic
def authorise_gestor(*, household: Household, by: Member, at: datetime) -> GestorMandate:
    """Let the community represent a home before the distributor; what holds already stays.

    Raises `HomeChangedHands`.
    """
    lock_as_seen(household)
    held = GestorMandate.objects.filter(household=household, revoked_at=None).first()
    if held is not None:
        return held
    record(What.GESTOR_AUTHORISED, community=household.community, at=at, by=by, household=household)
    return GestorMandate.objects.create(
        household=household, gestor=household.community.name, given_by=by, given_at=at
    )


@transaction.atomic
def revoke_gestor(*, household: Household, by: Member, at: datetime) -> None:
    """Take the authorisation back."""
    if GestorMandate.objects.filter(household=household, revoked_at=None).update(revoked_at=at):
        record(What.GESTOR_WITHDRAWN, community=household.community, at=at, by=by, household=household)
