"""The limits that owners give their agents, and their word for them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from community.models import Household, Member, What
from community.services.audit import record
from community.services.homes import lock_as_seen
from market.agents import HoursRule
from market.agents import Mandate as MandateTerms
from market.ledger.assertions import Assertion
from market.models import Mandate, MandateConfirmation, MandateHours
from market.queries.evidence import mandate_hash, plain_mandate
from market.queries.mandates import latest_mandate, mandate_terms

ALL_PERIODS = ("P1", "P2", "P3")


@dataclass(frozen=True, slots=True)
class Word:
    """How a member confirms a mandate; `signed` and the key's name where a passkey signed it."""

    method: str
    signed: Assertion | None = None
    key_name: str = ""


@transaction.atomic
def give_mandate(
    *,
    household: Household,
    given_by: Member | None,
    at: datetime,
    hours: Sequence[HoursRule] = (),
    word: Word | None = None,
    **limits: Any,
) -> Mandate:
    """Record a new version of a household's mandate, valid from `at`; orders already written keep theirs.

    `limits` are further fields of `Mandate` with their units (µ€/kWh, percent, tenths of a cycle, minutes, Wh);
    what is not named has its default. Giving the same mandate again adds nothing but the member's `word`, if it
    was not given yet. Raises ValueError for a limit that no owner can mean, `NotSigned`, and `HomeChangedHands`.
    """
    lock_as_seen(household)
    given = _drafted(household, given_by, at, **limits)
    terms = mandate_terms(given, hours)
    if given.valid_until is not None and given.valid_until <= at:
        raise ValueError("A mandate must end after it begins.")
    latest = latest_mandate(household)
    if latest is not None and mandate_terms(latest) == terms:
        _confirm(latest, given_by, word, at)
        return latest
    given.save(force_insert=True)
    MandateHours.objects.bulk_create(
        MandateHours(mandate=given, position=position, **asdict(rule)) for position, rule in enumerate(hours)
    )
    _confirm(given, given_by, word, at)
    record(
        What.MANDATE_CHANGED, community=household.community, at=at, by=given_by, about=given, household=household
    )
    return given


def terms_of(
    *, household: Household, at: datetime, hours: Sequence[HoursRule] = (), **limits: Any
) -> MandateTerms:
    """What a mandate of these limits would say; nothing is recorded. Raises ValueError as `give_mandate` does."""
    return mandate_terms(_drafted(household, None, at, **limits), hours)


def _drafted(
    household: Household,
    given_by: Member | None,
    at: datetime,
    sell_periods: Sequence[str] = ALL_PERIODS,
    buy_periods: Sequence[str] = ALL_PERIODS,
    **limits: Any,
) -> Mandate:
    return Mandate(
        household=household,
        given_by=given_by,
        valid_from=at,
        sell_periods=sorted(sell_periods),
        buy_periods=sorted(buy_periods),
        **limits,
    )


def _confirm(mandate: Mandate, by: Member | None, word: Word | None, at: datetime) -> None:
    """Keep the member's word, once a way. Raises `NotSigned` for a signature under anything else."""
    if word is None or by is None:
        return
    digest = mandate_hash(plain_mandate(mandate_terms(mandate)))
    proof: dict[str, Any] = {}
    if word.signed is not None:
        word.signed.prove(digest)
        proof = {**asdict(word.signed), "key_name": word.key_name}
    MandateConfirmation.objects.get_or_create(
        mandate=mandate,
        confirmed_by=by,
        method=word.method,
        defaults={"confirmed_at": at, "mandate_hash": digest, **proof},
    )
