"""Mandates as they were given: the version in force, and what it says to the agent."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from community.models import Household, Member
from market.agents import HoursRule
from market.agents import Mandate as MandateTerms
from market.models import Mandate, MandateConfirmation, MandateHours


def latest_mandate(home: Household) -> Mandate | None:
    """The version that a household gave last."""
    return Mandate.objects.filter(household=home).order_by("-valid_from").first()


def confirmation_of(mandate: Mandate | None) -> MandateConfirmation | None:
    """A member's word for a mandate: a signature before any other way, the first of them."""
    if mandate is None:
        return None
    words = mandate.confirmations.order_by("confirmed_at", "pk")
    return words.filter(method=MandateConfirmation.Method.PASSKEY).first() or words.first()


def signed_by(home: Household, member: Member) -> bool:
    """Whether the member's passkey signed what the household gave last."""
    latest = latest_mandate(home)
    words = MandateConfirmation.objects.filter(confirmed_by=member, method=MandateConfirmation.Method.PASSKEY)
    return latest is not None and words.filter(mandate=latest).exists()


def mandates_at(homes: Sequence[int], at: datetime) -> dict[int, Mandate]:
    """The version in force of each household that has one."""
    newest = (
        Mandate.objects.filter(household__in=homes, valid_from__lte=at)
        .order_by("household_id", "-valid_from")
        .distinct("household_id")
        .prefetch_related("hours")
    )
    return {mandate.household_id: mandate for mandate in newest}


def mandate_terms(mandate: Mandate, hours: Iterable[HoursRule] | None = None) -> MandateTerms:
    """What a mandate says, for the core; `hours` stand in for stored ones. Raises ValueError if it cannot be."""
    return MandateTerms(
        min_sell_ueur_kwh=mandate.min_sell_ueur_kwh,
        max_buy_ueur_kwh=mandate.max_buy_ueur_kwh,
        reserve_pct=mandate.reserve_pct,
        sell_periods=frozenset(mandate.sell_periods),
        buy_periods=frozenset(mandate.buy_periods),
        grid_charge=mandate.grid_charge,
        objective=mandate.objective,
        paused=mandate.paused,
        hours=_rules(mandate) if hours is None else tuple(hours),
        cycles_tenths=mandate.cycles_tenths,
        ev_ready_minute=mandate.ev_ready_minute,
        ev_target_wh=mandate.ev_target_wh,
        ev_from_minute=mandate.ev_from_minute,
        ev_until_minute=mandate.ev_until_minute,
        valid_until=mandate.valid_until,
    )


def _rules(mandate: Mandate) -> tuple[HoursRule, ...]:
    return tuple(map(_rule, sorted(mandate.hours.all(), key=lambda hours: hours.position)))


def _rule(hours: MandateHours) -> HoursRule:
    return HoursRule(
        period=hours.period,
        days=hours.days,
        from_minute=hours.from_minute,
        to_minute=hours.to_minute,
        min_sell_ueur_kwh=hours.min_sell_ueur_kwh,
        max_buy_ueur_kwh=hours.max_buy_ueur_kwh,
        may_trade=hours.may_trade,
    )
