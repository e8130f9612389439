"""Opening the slots that agents may order in."""

from datetime import datetime, timedelta

from django.db import transaction

from community.models import Community
from community.tariffs import slots_of
from market.models import Slot


@transaction.atomic
def open_slots(*, community: Community, first: datetime, until: datetime) -> None:
    """Open every slot that starts in `[first, until)`; those that exist already stay as they are.

    The rules in force when a slot opens are frozen into it.
    """
    length = timedelta(minutes=community.slot_minutes)
    closes = timedelta(minutes=community.gate_closure_minutes)
    Slot.objects.bulk_create(
        [
            Slot(
                community=community,
                start=start,
                end=start + length,
                gate_closure=start - closes,
                grid_fee_ueur_kwh=community.grid_fee_ueur_kwh,
                price_rule=community.price_rule,
                fairness_rule=community.fairness_rule,
                grid_fee_substation_ueur_kwh=community.grid_fee_substation_ueur_kwh,
                grid_fee_beyond_ueur_kwh=community.grid_fee_beyond_ueur_kwh,
                curtailment_cap_pct=community.curtailment_cap_pct,
                pool_pct=community.pool_pct,
                pool_rule=community.pool_rule,
            )
            for start in slots_of(first, until, community.slot_minutes)
        ],
        ignore_conflicts=True,
    )
