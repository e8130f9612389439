"""The rules that a street agreed on."""

from typing import Any

from django.db import transaction

from community.models import Community, Member

RULES = (
    "price_rule", "fairness_rule", "curtailment_cap_pct", "pool_pct", "pool_rule", "rent_rule",
    "grid_fee_ueur_kwh", "grid_fee_substation_ueur_kwh", "grid_fee_beyond_ueur_kwh", "import_limit_w",
    "export_limit_w",
)  # fmt: skip


class NotAdministrator(PermissionError):
    """Only an administrator of the community sets its rules."""


@transaction.atomic
def set_rules(*, by: Member, rules: dict[str, Any]) -> None:
    """Replace rules of the member's community; those that are not named stay.

    `rules` holds names of `RULES`: prices in µ€/kWh, limits in W. Slots that are open already keep what was
    frozen into them. Raises `NotAdministrator`; KeyError for what is no rule.
    """
    if by.role != Member.Role.ADMIN or by.left_at is not None:
        raise NotAdministrator(by.pk)
    unknown = set(rules) - set(RULES)
    if unknown:
        raise KeyError(f"{', '.join(sorted(unknown))}: no rule of a street.")
    community = Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    for name, value in rules.items():
        setattr(community, name, value)
    community.save(update_fields=sorted(rules))
