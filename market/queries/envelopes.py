"""What each home of a street may take and give at any time, whatever the others do."""

from collections.abc import Mapping
from functools import lru_cache

from django.db.models import Q, Sum

from community.models import Community, Household
from market.grid import Connection, Envelope, Feeder, envelopes
from market.queries.book import feeder_of
from market.queries.phases import street_phases


def street_envelopes(community: Community) -> Mapping[int, Envelope]:
    """An envelope by household, for the homes that are connected to the community's feeder; empty without one."""
    if getattr(community, "feeder", None) is None:
        return {}
    active = Q(devices__retired_at__isnull=True)
    homes = (
        Household.objects.filter(community=community, node__isnull=False)
        .annotate(
            sun_w=Sum("devices__peak_w", filter=active, default=0),
            stored_w=Sum("devices__discharge_w", filter=active, default=0),
        )
        .order_by("pk")
        .values_list("pk", "node__code", "contracted_w", "sun_w", "stored_w")
    )
    phases = street_phases(community.pk)
    connections = tuple(
        (pk, Connection(node, phases[pk], float(taken), float(sun + stored)))
        for pk, node, taken, sun, stored in homes
    )
    return _computed(feeder_of(community), connections, community.import_limit_w, community.export_limit_w)


@lru_cache(maxsize=64)
def _computed(
    feeder: Feeder,
    connections: tuple[tuple[int, Connection], ...],
    import_limit_w: int | None,
    export_limit_w: int | None,
) -> dict[int, Envelope]:
    """They change with the street and its homes only; a feeder is the same object until it is changed."""
    found = envelopes(feeder, [one for _pk, one in connections], None, import_limit_w, export_limit_w)
    return {pk: envelope for (pk, _one), envelope in zip(connections, found, strict=True)}
