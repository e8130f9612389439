"""Whether clearing and settling again what is on record comes to the same: whoever changed a trade is found by it.

Orders, the slot's rules and what decided a settlement never change, so neither does the answer. The street's
cables and the homes' places on them may be described anew at any time: slots from before are then cleared
otherwise too, which is why only `ledger_fsck --again` looks back further than a moment.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from community.models import Community
from market.clearing import Clearing, Rules, clear
from market.clearing.congested import Solve
from market.grid import Feeder
from market.ledger.leaves import ALGORITHM, hash_of_inputs
from market.models import LogLeaf, SettledHome, Settlement, Slot, Trade
from market.queries.book import feeder_of, order_book
from market.queries.due import BATCH
from market.queries.settle import slot_cases
from market.settlement import Line, SlotCase, settle
from metering.queries import received_since

# A trade as it is compared: Wh, µ€/kWh, and what of that is for distance.
Traded = tuple[int, int | None, int]
# What a settled home's row repeats of what the core answered.
FIGURES = (
    "bought_wh", "sold_wh", "trueup_bought_wh", "trueup_sold_wh", "paid_neur", "earned_neur", "shortfall_neur",
    "pool_neur", "baseline_neur", "actual_neur",
)  # fmt: skip


def unlike(community: Community, solve: Solve, since: datetime | None = None) -> Iterator[str]:
    """I12: orders and homes whose record is not what comes out of it now, of slots cleared `since`."""
    slots = Slot.objects.filter(community=community, cleared_at__isnull=False).select_related("community__feeder")
    slots = slots.filter(cleared_at__gte=since) if since is not None else slots
    feeder = feeder_of(community)
    rows = list(slots.order_by("start"))
    for slot in rows:
        yield from _otherwise(slot, _cleared(slot, feeder, solve))
    for place in range(0, len(rows), BATCH):
        yield from _settled_otherwise(community, rows[place : place + BATCH])


def _cleared(slot: Slot, feeder: Feeder, solve: Solve) -> dict[int, Traded]:
    """The slot's trades by order, worked out anew; a slot that fell back to the retailers has none."""
    if slot.status == Slot.Status.FALLBACK:
        return {}
    rules = Rules(price=slot.price_rule, fairness=slot.fairness_rule)
    try:
        return _trades(clear(order_book(slot, feeder), feeder, rules, solve))
    except ArithmeticError:  # the solver finds no answer where it found one
        return {}


def _trades(clearing: Clearing) -> dict[int, Traded]:
    return {
        fill.order_id: (fill.local_wh, fill.price_ueur_kwh, fill.distance_ueur_kwh)
        for fill in clearing.fills
        if fill.local_wh
    }


def _otherwise(slot: Slot, answer: dict[int, Traded]) -> Iterator[str]:
    rows = Trade.objects.filter(slot=slot)
    recorded: dict[int, Traded] = {
        order: (energy_wh, price, distance)
        for order, energy_wh, price, distance in rows.values_list(
            "order_id", "energy_wh", "price_ueur_kwh", "distance_ueur_kwh"
        )
    }
    for order in sorted(answer.keys() | recorded.keys()):
        was, now = recorded.get(order), answer.get(order)
        if was != now:
            yield f"I12 order {order} of slot {slot.pk}{_entry(slot)} traded {_said(was)}, and {_said(now)} again"


def _said(traded: Traded | None) -> str:
    return "nothing" if traded is None else f"{traded[0]} Wh at {traded[1]} µ€/kWh"


def _entry(slot: Slot) -> str:
    """Where the log says what came of the slot."""
    seq = (
        LogLeaf.objects.filter(settlement__slot=slot, household=None)
        .order_by("-seq").values_list("seq", flat=True).first()
    )  # fmt: skip
    return "" if seq is None else f" at entry {seq}"


def _settled_otherwise(community: Community, slots: Sequence[Slot]) -> Iterator[str]:
    """Settlements whose log entry cites other inputs than are on record, or whose figures do not follow from them.

    Those that a reading is about to correct, and those from before a home came or left, are passed over.
    """
    current = {one.slot_id: one for one in Settlement.objects.filter(slot__in=slots, is_current=True)}
    if not current:
        return
    leaves = LogLeaf.objects.filter(settlement__in=current.values(), household=None)
    said: dict[int | None, tuple[int, dict[str, Any]]] = {
        leaf.settlement_id: (leaf.seq, json.loads(leaf.body)) for leaf in leaves
    }
    homes: dict[int, dict[int, SettledHome]] = {}
    for row in SettledHome.objects.filter(settlement__in=current.values()):
        homes.setdefault(row.settlement_id, {})[row.household_id] = row
    received = received_since(
        community.pk, min(one.readings_as_of for one in current.values()), community.slot_minutes
    )
    for slot, case in slot_cases(community, [slot for slot in slots if slot.pk in current]):
        settlement = current[slot.pk]
        seq, body = said.get(settlement.pk, (0, {}))
        late = slot.start in received and received[slot.start] > settlement.readings_as_of
        rows = homes.get(settlement.pk, {})
        if late or body.get("algo") != ALGORITHM or rows.keys() != {one.household_id for one in case.metered}:
            continue
        if body["inputs"] != hash_of_inputs(case):
            yield f"I12 settlement {settlement.pk} was decided by other inputs than entry {seq} says"
        else:
            yield from (f"{fault} at entry {seq}" for fault in _unlike_rows(case, rows))


def _unlike_rows(case: SlotCase, rows: dict[int, SettledHome]) -> Iterator[str]:
    for line in settle(case).lines:
        row = rows[line.household_id]
        if any(getattr(row, name) != _figure(line, name) for name in FIGURES):
            yield f"I12 row {row.pk} of home {row.household_id} does not follow from its settlement's inputs"


def _figure(line: Line, name: str) -> int:
    value: int = getattr(line, name)
    return value
