"""Opening the slots that agents may order in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction

from community.models import Community
from community.tariffs import slots_of
from market.models import Slot
from market.queries.due import to_open

# Of one community at once: a long pause is made up for in bites.
AT_ONCE = 16
ROWS = 2_000


@transaction.atomic
def open_due_slots(*, at: datetime, until: datetime) -> None:
    """Open in every community the slots that start before `until` and do not exist yet, the first few of them."""
    fresh = [
        slot for street, first in to_open(at, until) for slot in islice(_slots(street, first, until), AT_ONCE)
    ]
    Slot.objects.bulk_create(fresh, batch_size=ROWS, ignore_conflicts=True)


@transaction.atomic
def open_slots(*, community: Community, first: datetime, until: datetime) -> None:
    """Open every slot that starts in `[first, until)`; those that exist already stay as they are."""
    Slot.objects.bulk_create(_slots(community, first, until), ignore_conflicts=True)


def _slots(community: Community, first: datetime, until: datetime) -> Iterator[Slot]:
    """The slots that start in `[first, until)`, with the rules in force now frozen into them."""
    length = timedelta(minutes=community.slot_minutes)
    closes = timedelta(minutes=community.gate_closure_minutes)
    for start in slots_of(first, until, community.slot_minutes):
        yield Slot(
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
            import_limit_w=community.import_limit_w,
            export_limit_w=community.export_limit_w,
            pool_pct=community.pool_pct,
            pool_rule=community.pool_rule,
        )
