"""The street's cables in one slot: what flowed through each, how full it was, and the voltage at every node.

Computed from what the market cleared, by AC power flow: nothing of it is measured. A slot whose load no voltage
could carry is computed with the linear flow instead, and says so (`exact` is false).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from community.models import Community, Household, Line, Node
from community.tariffs import slots_of
from market.grid import Feeder, line_flows_w, voltages_pu
from market.grid.feeder import Floats
from market.models import Slot
from market.queries.book import feeder_of
from market.queries.cable_loads import ac_or_none, day_loads, drawn_by, fullest_pct, loadings_pct, placed_homes

# The columns of a line, where none leads to a node.
ROOT = (None, None, "", None, False)
# What a day's strip tells of a slot.
FILLED = (
    "start", "end", "status", "cleared_at", "loading_max_pct", "import_wh", "export_wh", "import_limit_w",
    "export_limit_w", "bindings",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CableNode:
    """A node in the feeder's order, with the cable into it (empty at the root, which the transformer feeds).

    `homes` counts all that are connected, `mine` names the reader's own; `parent` is a place in the tree.
    `limit_a` is None where the cable has no known limit.
    """

    code: str
    name: str
    parent: int | None
    depth: int
    homes: int
    mine: tuple[str, ...]
    cable: str = ""
    limit_a: float | None = None
    is_transformer: bool = False


@dataclass(frozen=True, slots=True)
class CableTree:
    """A community's feeder as its members see it; voltages per unit, `phase_v` is the nominal one in volts."""

    name: str
    is_assumed: bool
    nodes: tuple[CableNode, ...]
    transformer_va: float | None
    v_min_pu: float
    v_max_pu: float
    phase_v: float
    unknown_phases: int


@dataclass(frozen=True, slots=True)
class NodeState:
    """One node in a slot: the cable into it (at the root: the transformer) and its own voltage.

    `flow_w` and `current_a` are per phase a, b, c; + flows towards the homes. `loading_pct` is that of the fullest
    phase, None without a known limit. `bindings` are the kinds of limit that bound here in the clearing.
    """

    flow_w: tuple[float, float, float]
    current_a: tuple[float, float, float]
    loading_pct: float | None
    lowest_pu: float
    highest_pu: float
    bindings: tuple[str, ...] = ()

    @property
    def total_w(self) -> float:
        """Power through the cable, all phases together."""
        return sum(self.flow_w)


@dataclass(frozen=True, slots=True)
class StreetState:
    """All nodes in one slot, in the tree's order; `connection_pct` is how full the agreed import or export was."""

    nodes: tuple[NodeState, ...]
    connection_pct: float | None
    loss_wh: float
    exact: bool


@dataclass(frozen=True, slots=True)
class SlotFill:
    """A slot of the day: how full the fullest element was (%), None where nothing is known yet."""

    start: datetime
    end: datetime
    fullest_pct: float | None
    bound: bool
    opened: bool = True


def cable_tree(community: Community, member_id: int) -> CableTree | None:
    """The community's feeder with where its homes are connected; None without one."""
    row = getattr(community, "feeder", None)
    if row is None:
        return None
    feeder = feeder_of(community)
    root, named = feeder.root, dict(Node.objects.filter(feeder=row).values_list("code", "name"))
    cables = Line.objects.filter(feeder=row).values_list(
        "child__code", "parent__code", "code", "limit_a", "is_transformer"
    )
    into = {cable[0]: cable for cable in cables}
    homes: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    placed = Household.objects.filter(community=community).order_by("pk")
    unknown_phases = 0
    for name, owner, node, phase in placed.values_list("name", "member_id", "node__code", "phase"):
        homes[node or root].append((name, owner == member_id))
        unknown_phases += not phase
    place = {feeder.nodes[i]: n for n, i in enumerate(feeder.order)}
    nodes: list[CableNode] = []
    for code in place:
        _child, above, cable, limit_a, is_transformer = into.get(code, ROOT)
        parent = None if above is None else place[above]
        mine = tuple(name for name, own in homes[code] if own)
        depth = 0 if parent is None else nodes[parent].depth + 1
        found = CableNode(code, named[code], parent, depth, len(homes[code]), mine, cable, limit_a, is_transformer)
        nodes.append(found)
    return CableTree(
        name=row.name,
        is_assumed=row.source.startswith("assumed"),
        nodes=tuple(nodes),
        transformer_va=feeder.transformer.s_va,
        v_min_pu=feeder.v_min_pu,
        v_max_pu=feeder.v_max_pu,
        phase_v=feeder.phase_v,
        unknown_phases=unknown_phases,
    )


def street_state(slot: Slot) -> StreetState | None:
    """What the cleared slot meant for the cables; None while it is open."""
    if slot.status == Slot.Status.OPEN:
        return None
    community = slot.community
    feeder = feeder_of(community)
    placed = placed_homes(community, feeder)
    drawn_w, drawn_var = drawn_by(feeder, placed, community.slot_minutes, [slot.pk])[slot.pk]
    exact = ac_or_none(feeder, drawn_w, drawn_var)
    flows = line_flows_w(feeder, drawn_w)
    if exact is None:
        volts, amperes = voltages_pu(feeder, drawn_w), np.abs(flows) / feeder.phase_v
        at_transformer = np.abs(flows[feeder.index[feeder.root]])
    else:
        volts, amperes, at_transformer = exact.voltages_pu, exact.currents_a, exact.transformer_va
    fullness = loadings_pct(feeder, amperes, at_transformer)
    bindings = _bindings(slot, feeder)
    nodes = tuple(
        NodeState(
            flow_w=_three(flows[i]),
            current_a=_three(amperes[i]),
            loading_pct=float(fullness[i]) if np.isfinite(fullness[i]) else None,
            lowest_pu=float(volts[i].min()),
            highest_pu=float(volts[i].max()),
            bindings=tuple(bindings.get(feeder.nodes[i], ())),
        )
        for i in feeder.order
    )
    hours = (slot.end - slot.start) / timedelta(hours=1)
    loss_wh = 0.0 if exact is None else exact.loss_w * hours
    return StreetState(nodes, _connection_pct(slot, float(drawn_w.sum())), loss_wh, exact is not None)


def day_fills(
    community: Community, first: datetime, until: datetime, shown: Sequence[bool] | None = None
) -> list[SlotFill]:
    """The fullest element of every slot of `[first, until)`, in order; the market need not have opened it.

    With `shown` (by node, in the tree's order) the other cables count with the lower end of their step only, so
    that a day gives away no more than a slot does.
    """
    rows = Slot.objects.filter(community=community, start__gte=first, start__lt=until)
    opened = {row.start: row for row in rows.only(*FILLED)}
    feeder = feeder_of(community)
    hidden = [] if shown is None else [i for i, seen in zip(feeder.order, shown, strict=True) if not seen]
    cleared = tuple(
        (row.pk, row.cleared_at)
        for row in opened.values()
        if row.status != Slot.Status.OPEN and (hidden or row.loading_max_pct is None)
    )
    computed = day_loads(feeder, placed_homes(community, feeder), community.slot_minutes, cleared)
    length = timedelta(minutes=community.slot_minutes)
    fills = []
    for start in slots_of(first, until, community.slot_minutes):
        row = opened.get(start)
        if row is None:
            fills.append(SlotFill(start, start + length, None, bound=False, opened=False))
            continue
        hours = (row.end - row.start) / timedelta(hours=1)
        fullest, net_w = row.loading_max_pct, (row.import_wh - row.export_wh) / hours
        if row.pk in computed:
            loadings, net_w = computed[row.pk]
            fullest = fullest_pct(loadings, hidden)
        if fullest is not None:
            fullest = max(fullest, _connection_pct(row, net_w) or 0.0)
        fills.append(SlotFill(row.start, row.end, fullest, bool(row.bindings)))
    return fills


def latest_slot(community: Community, at: datetime) -> Slot | None:
    """The newest slot that had begun at `at`."""
    begun = Slot.objects.filter(community=community, start__lte=at).select_related("community__feeder")
    return begun.order_by("-start").first()


def slot_at(community: Community, start: datetime) -> Slot | None:
    """The community's slot that starts at `start`."""
    return Slot.objects.filter(community=community, start=start).select_related("community__feeder").first()


def _connection_pct(slot: Slot, net_w: float) -> float | None:
    """How much of the import or export that was agreed when the slot opened the whole street used."""
    most_w = slot.import_limit_w if net_w >= 0 else slot.export_limit_w
    return 100 * abs(net_w) / most_w if most_w else None


def _bindings(slot: Slot, feeder: Feeder) -> dict[str, list[str]]:
    """Kinds of binding limits by the node where they are drawn; a line's is the node that it leads to."""
    child = {line.code: line.child for line in feeder.lines}
    found: dict[str, list[str]] = defaultdict(list)
    for kind, element in _named_limits(slot):
        node = child.get(element) if kind == "line" else element if kind.startswith("voltage") else feeder.root
        if node is not None and kind not in found[node]:
            found[node].append(kind)
    return found


def _named_limits(slot: Slot) -> Iterator[tuple[str, str]]:
    for binding in slot.bindings:
        yield str(binding["kind"]), str(binding["element"])


def _three(values: Floats) -> tuple[float, float, float]:
    a, b, c = (float(value) for value in values)
    return a, b, c
