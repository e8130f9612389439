"""The limits that owners give their agents."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from community.models import Household, Member
from market.agents import HoursRule
from market.models import Mandate, MandateHours
from market.queries.mandates import latest_mandate, mandate_terms

ALL_PERIODS = ("P1", "P2", "P3")


@transaction.atomic
def give_mandate(
    *,
    household: Household,
    given_by: Member | None,
    at: datetime,
    sell_periods: Sequence[str] = ALL_PERIODS,
    buy_periods: Sequence[str] = ALL_PERIODS,
    hours: Sequence[HoursRule] = (),
    **limits: Any,
) -> Mandate:
    """Record a new version of a household's mandate, valid from `at`; orders already written keep theirs.

    `limits` are further fields of `Mandate` with their units (µ€/kWh, percent, tenths of a cycle, minutes, Wh);
    what is not named has its default. Giving the same mandate again adds nothing. Raises ValueError for a limit
    that no owner can mean.
    """
    Household.objects.select_for_update(no_key=True).get(pk=household.pk)
    given = Mandate(
        household=household,
        given_by=given_by,
        valid_from=at,
        sell_periods=sorted(sell_periods),
        buy_periods=sorted(buy_periods),
        **limits,
    )
    terms = mandate_terms(given, hours)
    if given.valid_until is not None and given.valid_until <= at:
        raise ValueError("A mandate must end after it begins.")
    latest = latest_mandate(household)
    if latest is not None and mandate_terms(latest) == terms:
        return latest
    given.save(force_insert=True)
    MandateHours.objects.bulk_create(
        MandateHours(mandate=given, position=position, **asdict(rule)) for position, rule in enumerate(hours)
    )
    return given
