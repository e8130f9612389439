"""The order book of a slot and the street's feeder, as the core wants them."""

from functools import lru_cache

from django.db import connection

from community.models import Community, Feeder, Line
from market.clearing.book import Book, Kind, Order, Side
from market.grid import feeder as grid
from market.models import Slot

ORDERS = """
SELECT o.id, o.household_id, n.code, h.phase, o.side, o.kind, o.energy_wh, o.limit_ueur_kwh, o.retailer_ueur_kwh
FROM market_order o JOIN community_household h ON h.id = o.household_id
    LEFT JOIN community_node n ON n.id = h.node_id
WHERE o.slot_id = %s ORDER BY o.id
"""


def order_book(slot: Slot, root: str) -> Book:
    """Every order of the slot with the community's limits. Homes without a node stand at the `root`."""
    community = slot.community
    with connection.cursor() as cursor:
        cursor.execute(ORDERS, [slot.pk])
        rows = cursor.fetchall()
    return Book(
        orders=tuple(
            Order(pk, home, node or root, phase, Side(side), Kind(kind), energy, limit, retailer)
            for pk, home, node, phase, side, kind, energy, limit, retailer in rows
        ),
        grid_fee_ueur_kwh=slot.grid_fee_ueur_kwh,
        slot_minutes=community.slot_minutes,
        import_limit_w=community.import_limit_w,
        export_limit_w=community.export_limit_w,
    )


def feeder_of(community: Community) -> grid.Feeder:
    """The community's feeder; without one, a single node that knows no limits of its own."""
    row: Feeder | None = getattr(community, "feeder", None)
    return grid.single_node() if row is None else _build(row.pk, row.revision)


@lru_cache(maxsize=64)
def _build(feeder_id: int, revision: int) -> grid.Feeder:
    """A feeder as the core sees it; `revision` only makes a changed feeder a new key."""
    row = Feeder.objects.get(pk=feeder_id)
    lines = Line.objects.filter(feeder=row).select_related("parent", "child").order_by("pk")
    nodes = row.nodes.order_by("pk").values_list("code", flat=True)
    children = {line.child.code for line in lines}
    return grid.Feeder(
        nodes=tuple(nodes),
        root=next(node for node in nodes if node not in children),
        lines=tuple(
            grid.Line(
                line.code,
                line.parent.code,
                line.child.code,
                line.r_ohm,
                line.x_ohm,
                line.limit_a,
                line.r0_ohm,
                line.x0_ohm,
            )
            for line in lines
        ),
        transformer=grid.Transformer(row.transformer_va, row.transformer_r_ohm, row.transformer_x_ohm),
        nominal_v=row.nominal_v,
        slack_pu=row.slack_pu,
        v_min_pu=row.v_min_pu,
        v_max_pu=row.v_max_pu,
    )
