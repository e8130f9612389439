"""The order book of a slot and the street's feeder, as the core wants them."""

from functools import lru_cache

from community.models import Community, Feeder, Line
from market.clearing.book import Book, Kind, Order, Side
from market.grid import feeder as grid
from market.models import Order as OrderRow
from market.models import Slot


def order_book(slot: Slot) -> Book:
    """Every order of the slot with the community's limits. Homes without a node stand at the busbar."""
    community = slot.community
    root = feeder_of(community).root
    rows = OrderRow.objects.filter(slot=slot).order_by("pk")
    fields = ("pk", "household_id", "household__node__code", "household__phase", "side", "kind")
    amounts = ("energy_wh", "limit_ueur_kwh", "retailer_ueur_kwh")
    return Book(
        orders=tuple(
            Order(pk, home, node or root, phase, Side(side), Kind(kind), energy, limit, retailer)
            for pk, home, node, phase, side, kind, energy, limit, retailer in rows.values_list(
                *fields, *amounts
            )
        ),
        grid_fee_ueur_kwh=slot.grid_fee_ueur_kwh,
        slot_minutes=community.slot_minutes,
        import_limit_w=community.import_limit_w,
        export_limit_w=community.export_limit_w,
    )


def feeder_of(community: Community) -> grid.Feeder:
    """The community's feeder; without one, a single node that knows no limits of its own."""
    row = Feeder.objects.filter(community=community).first()
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
            grid.Line(line.code, line.parent.code, line.child.code, line.r_ohm, line.x_ohm, line.limit_a)
            for line in lines
        ),
        transformer=grid.Transformer(row.transformer_va, row.transformer_r_ohm, row.transformer_x_ohm),
        nominal_v=row.nominal_v,
        slack_pu=row.slack_pu,
        v_min_pu=row.v_min_pu,
        v_max_pu=row.v_max_pu,
    )
