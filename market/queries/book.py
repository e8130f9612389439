"""The order book of a slot and the street's feeder, as the core wants them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from django.db import connection

from community.models import Community, Feeder, Household, Line
from market.agents import OrderWish
from market.clearing.book import PHASE_CODES, Book, Fees
from market.grid import feeder as grid
from market.models import Slot
from market.queries.phases import street_phases

ORDERS = """
SELECT o.id, o.household_id, n.code, h.phase, o.side = 'buy', o.kind = 'firm', o.energy_wh, o.limit_ueur_kwh,
    o.retailer_ueur_kwh, CASE WHEN o.side = 'buy' AND o.device_id IS NULL THEN h.tan_phi ELSE 0 END, h.priority
FROM market_order o JOIN community_household h ON h.id = o.household_id
    LEFT JOIN community_node n ON n.id = h.node_id
WHERE o.slot_id = %s ORDER BY o.id
"""
# Firm surplus that a household offered since a local month began, and what of it the cables held back.
LOST = """ SELECT o.household_id FROM market_order o JOIN market_slot s ON s.id = o.slot_id JOIN market_outcome
c ON c.order_id = o.id WHERE s.community_id = %s AND s.start >= %s AND s.start < %s AND o.side = 'sell' AND
o.kind = 'firm' GROUP BY o.household_id HAVING sum(c.curtailed_wh) * 100 >= %s * sum(o.energy_wh) AND
sum(c.curtailed_wh) > 0
"""


def order_book(slot: Slot, feeder: grid.Feeder) -> Book:
    """Every order of the slot, with the limits in force when it opened.

    Homes without a node stand at the feeder's root; those of unknown phase are taken to be on an assumed one
    (`market/grid/phases.py`). Under the rule capped, firm surplus of homes that lost their part of the month to
    the cables already is protected.
    """
    community = slot.community
    with connection.cursor() as cursor:
        cursor.execute(ORDERS, [slot.pk])
        rows = cursor.fetchall()
    assumed = street_phases(community.pk) if any(not row[3] for row in rows) else {}
    protected = _protected(slot) if slot.fairness_rule == Community.FairnessRule.CAPPED else set()
    root = feeder.index[feeder.root]
    columns = [np.array(column) for column in zip(*rows, strict=True)] or [np.zeros(0, dtype=np.int64)] * 11
    return Book(
        id=columns[0],
        household=columns[1],
        node=np.array([feeder.index[row[2]] if row[2] else root for row in rows], dtype=np.int64),
        phase=np.array([PHASE_CODES.index(row[3] or assumed[row[1]]) for row in rows], dtype=np.int64),
        buys=columns[4].astype(bool),
        firm=columns[5].astype(bool),
        energy_wh=columns[6],
        limit_ueur_kwh=columns[7],
        retailer_ueur_kwh=columns[8],
        tan_phi=columns[9].astype(float),
        priority=columns[10],
        protected=np.array([row[1] in protected for row in rows], dtype=bool),
        nodes=feeder.nodes,
        fees=Fees(slot.grid_fee_ueur_kwh, slot.grid_fee_substation_ueur_kwh, slot.grid_fee_beyond_ueur_kwh),
        slot_minutes=community.slot_minutes,
        import_limit_w=slot.import_limit_w,
        export_limit_w=slot.export_limit_w,
    )


def book_with(
    book: Book,
    slot: Slot,
    feeder: grid.Feeder,
    home: Household,
    wishes: Sequence[OrderWish],
    retailer: Mapping[str, int],
) -> tuple[Book, list[int]]:
    """The slot's book with other orders of one home in place of its own, and their ids; the others' stay.

    They take the ids of the home's orders on record as far as those go, so that equal orders clear equally.
    """
    own = book.household == home.pk
    ids = book.id[own].tolist()[: len(wishes)]
    ids += range(int(book.id.max(initial=0)) + 1, int(book.id.max(initial=0)) + 1 + len(wishes) - len(ids))
    phase = home.phase or street_phases(home.community_id)[home.pk]
    protected = slot.fairness_rule == Community.FairnessRule.CAPPED and home.pk in _protected(slot)
    node = feeder.index[home.node.code if home.node else feeder.root]
    rows = {
        "id": ids,
        "household": [home.pk] * len(wishes),
        "node": [node] * len(wishes),
        "phase": [PHASE_CODES.index(phase)] * len(wishes),
        "buys": [wish.side == "buy" for wish in wishes],
        "firm": [wish.kind == "firm" for wish in wishes],
        "energy_wh": [wish.energy_wh for wish in wishes],
        "limit_ueur_kwh": [wish.limit_ueur_kwh for wish in wishes],
        "retailer_ueur_kwh": [retailer[wish.side] for wish in wishes],
        "tan_phi": [home.tan_phi if wish.side == "buy" and wish.device_id is None else 0.0 for wish in wishes],
        "priority": [home.priority] * len(wishes),
        "protected": [protected] * len(wishes),
    }
    others = {name: getattr(book, name) for name in rows}
    order = np.argsort(np.concatenate([book.id[~own], np.array(ids, dtype=np.int64)]), kind="stable")
    whole: dict[str, Any] = {
        name: np.concatenate([kept[~own], np.array(rows[name], dtype=kept.dtype)])[order]
        for name, kept in others.items()
    }
    return replace(book, **whole), ids


def _protected(slot: Slot) -> set[int]:
    """Households that have lost as large a part of the local month to the cables as the community's cap allows."""
    first = slot.start.astimezone(slot.community.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(LOST, [slot.community_id, first, slot.start, slot.curtailment_cap_pct])
        return {household for (household,) in cursor.fetchall()}


def feeder_of(community: Community) -> grid.Feeder:
    """The community's feeder; without one, a single node that knows no limits of its own."""
    row: Feeder | None = getattr(community, "feeder", None)
    return grid.single_node() if row is None else _build(row.pk, row.revision)


@lru_cache(maxsize=1024)
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
                line.is_transformer,
            )
            for line in lines
        ),
        transformer=grid.Transformer(row.transformer_va, row.transformer_r_ohm, row.transformer_x_ohm),
        nominal_v=row.nominal_v,
        slack_pu=row.slack_pu,
        v_min_pu=row.v_min_pu,
        v_max_pu=row.v_max_pu,
    )
