"""The rules that a street agreed on."""

from datetime import datetime
from typing import Any

from django.db import transaction

from community.models import Community, Member, Region, What
from community.roles import Can, only_those_who
from community.services.audit import record
from market.models import Statement

RULES = (
    "price_rule", "fairness_rule", "curtailment_cap_pct", "pool_pct", "pool_rule", "rent_rule",
    "grid_fee_ueur_kwh", "grid_fee_substation_ueur_kwh", "grid_fee_beyond_ueur_kwh", "import_limit_w",
    "export_limit_w",
)  # fmt: skip


class ClockIsFixed(ValueError):
    """A month is closed: it was cut at midnight of the street's clock, which can no longer change."""


@transaction.atomic
def set_rules(*, by: Member, rules: dict[str, Any], at: datetime) -> None:
    """Replace rules of the member's community; those that are not named stay.

    `rules` holds names of `RULES`: prices in µ€/kWh, limits in W. Slots that are open already keep what was
    frozen into them. Raises `NotAllowed`; KeyError for what is no rule.
    """
    only_those_who(Can.SET_RULES, by)
    unknown = set(rules) - set(RULES)
    if unknown:
        raise KeyError(f"{', '.join(sorted(unknown))}: no rule of a street.")
    community = Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    changed = sorted(name for name, value in rules.items() if getattr(community, name) != value)
    for name, value in rules.items():
        setattr(community, name, value)
    community.save(update_fields=sorted(rules))
    said = ", ".join(f"{name}={getattr(community, name)}" for name in changed)
    record(What.RULES_CHANGED, community=community, at=at, by=by, reason=said)


SPAIN, ISLANDS = "Europe/Madrid", "Atlantic/Canary"


@transaction.atomic
def set_place(*, by: Member, region: str, legal_mode: str, at: datetime) -> None:
    """Say where the street is and under which law it shares; what is issued keeps the mode of its day.

    The clock follows the region. Raises `NotAllowed`, and `ClockIsFixed` if it would have to change after a
    month was closed.
    """
    only_those_who(Can.SET_RULES, by)
    community = Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    zone = ISLANDS if region == Region.CANARY else SPAIN
    if community.timezone in {SPAIN, ISLANDS} and zone != community.timezone:
        if Statement.objects.filter(household__community=community).exists():
            raise ClockIsFixed(community.timezone)
        community.timezone = zone
    community.region, community.legal_mode = Region(region).value, Community.LegalMode(legal_mode).value
    community.save(update_fields=["region", "timezone", "legal_mode"])
    record(What.LAW_CHANGED, community=community, at=at, by=by, reason=f"{region}, {legal_mode}")
