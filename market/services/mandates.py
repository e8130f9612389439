"""The limits that owners give their agents."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from community.models import Household, Member
from market.models import Mandate

ALL_PERIODS = ("P1", "P2", "P3")


@transaction.atomic
def give_mandate(
    *,
    household: Household,
    given_by: Member | None,
    at: datetime,
    min_sell_ueur_kwh: int = 0,
    max_buy_ueur_kwh: int = 1_000_000,
    reserve_pct: int = 10,
    sell_periods: Sequence[str] = ALL_PERIODS,
    buy_periods: Sequence[str] = ALL_PERIODS,
    grid_charge: bool = False,
    objective: str = Mandate.Objective.SAVINGS,
    paused: bool = False,
) -> Mandate:
    """Record a new version of a household's mandate, valid from `at`; orders already written keep theirs.

    Prices are in µ€/kWh, the reserve in percent of the battery. Giving the same mandate again adds nothing.
    """
    Household.objects.select_for_update(no_key=True).get(pk=household.pk)
    terms = {
        "min_sell_ueur_kwh": min_sell_ueur_kwh,
        "max_buy_ueur_kwh": max_buy_ueur_kwh,
        "reserve_pct": reserve_pct,
        "sell_periods": sorted(sell_periods),
        "buy_periods": sorted(buy_periods),
        "grid_charge": grid_charge,
        "objective": objective,
        "paused": paused,
    }
    latest = Mandate.objects.filter(household=household).order_by("-valid_from").first()
    if latest is not None and all(getattr(latest, name) == value for name, value in terms.items()):
        return latest
    return Mandate.objects.create(household=household, given_by=given_by, valid_from=at, **terms)
