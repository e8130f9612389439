"""Keeping when agents decided on a lower level than they can, and why."""

from collections.abc import Mapping
from datetime import datetime

from community.models import Community
from market.agents.fallback import Standing
from market.models import StepDown

Found = dict[int | None, Standing]


def record_standings(
    *, community: Community, street: Standing, homes: Mapping[int, Standing], at: datetime
) -> None:
    """Open a step down for whoever is newly on a lower level, close those that are over; within a transaction.

    `street` is what holds for all homes; of `homes` only those count that stand otherwise.
    """
    now: Found = {home: own for home, own in homes.items() if own.reason and own != street}
    if street.reason:
        now[None] = street
    still: set[int | None] = set()
    over = []
    open_ones = StepDown.objects.filter(community=community, until__isnull=True).order_by("pk")
    for row in open_ones.select_for_update(of=("self",)):
        own = now.get(row.household_id)
        if own is not None and (own.level, own.reason) == (row.level, row.reason):
            still.add(row.household_id)
        else:
            row.until = max(at, row.since)
            over.append(row)
    StepDown.objects.bulk_update(over, ["until"])
    StepDown.objects.bulk_create(
        (
            StepDown(
                community=community,
                household_id=home,
                since=at,
                level=own.level,
                reason=own.reason,
                facts=own.facts,
            )
            for home, own in now.items()
            if home not in still
        ),
        ignore_conflicts=True,  # two slots that order at once see the same
    )
