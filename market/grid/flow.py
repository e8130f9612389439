"""Linear power flow of a radial feeder (LinDistFlow; Baran and Wu 1989) and the limits that it must keep.

Everything is linear in the nodes' withdrawals w (W, consumption positive): the flow of a line is the sum of w
below it, and the squared voltage (per unit) falls along a line by 2·r·flow/V². Losses are neglected, homes are
taken as three-phase and at power factor one. Against AC power flow this errs by 0.03 to 0.35 % of the voltage.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from market.grid.feeder import Feeder, Floats

# A limit counts as broken beyond this share of itself, so that rounding to whole Wh breaks none.
TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False, slots=True)
class Limit:
    """`coefficients`·w must not exceed `most`: one side of one element, both in W or both in W-equivalents.

    `kind` is import, export, transformer, line, voltage_high or voltage_low; `element` names it.
    `loading` gives the share of the limit in use (1 is full).
    """

    element: str
    kind: str
    coefficients: Floats
    most: float

    @property
    def identity(self) -> tuple[str, str, bytes]:
        """Which side of which element it is, whatever its figure."""
        return self.element, self.kind, np.sign(self.coefficients).tobytes()

    def loading(self, withdrawals_w: Floats) -> float:
        """Share of the limit that these withdrawals (W per node) use."""
        return float(self.coefficients @ withdrawals_w) / self.most if self.most else 1.0


def line_flows_w(feeder: Feeder, withdrawals_w: Floats) -> Floats:
    """Power into each node's subtree, W per node in the feeder's order of nodes (at the root: the whole)."""
    tree = feeder.tree
    sums = np.concatenate(([0.0], np.cumsum(withdrawals_w[tree.order])))
    flows = np.empty(len(tree.order))
    flows[tree.order] = sums[tree.end] - sums[:-1]
    return flows


def voltages_pu(feeder: Feeder, withdrawals_w: Floats) -> Floats:
    """Voltage of each node, per unit."""
    return np.sqrt(np.maximum(squared_voltages(feeder, withdrawals_w), 0.0))


def squared_voltages(feeder: Feeder, withdrawals_w: Floats) -> Floats:
    """Squared voltage of each node, per unit."""
    tree = feeder.tree
    flows = line_flows_w(feeder, withdrawals_w)[tree.order]
    drops = 2 * tree.r_ohm * flows / feeder.nominal_v**2
    # Adding a drop where its subtree begins and taking it away where it ends makes one running sum do.
    changes = np.zeros(len(tree.order) + 1)
    np.add.at(changes, np.arange(len(tree.order)), drops)
    np.add.at(changes, tree.end, -drops)
    squared = np.empty(len(tree.order))
    squared[tree.order] = feeder.slack_pu**2 - np.cumsum(changes)[:-1]
    return squared


def broken_limits(
    feeder: Feeder, withdrawals_w: Floats, import_limit_w: float | None, export_limit_w: float | None
) -> list[Limit]:
    """Every limit that these withdrawals break; of the voltages only the worst node on either side."""
    flows = line_flows_w(feeder, withdrawals_w)
    squared = squared_voltages(feeder, withdrawals_w)
    broken = []
    for limit in limits(feeder, import_limit_w, export_limit_w, flows, squared):
        used = float(limit.coefficients @ withdrawals_w)
        if used > limit.most + TOLERANCE * abs(limit.most) + 1e-9:
            broken.append(limit)
    return broken


def limits(
    feeder: Feeder,
    import_limit_w: float | None,
    export_limit_w: float | None,
    flows_w: Floats,
    squared_pu: Floats,
) -> Iterator[Limit]:
    """The limits worth looking at: those of the flows that are too large, and of the worst voltages."""
    everything = np.ones(len(feeder.nodes))
    root = feeder.index[feeder.root]
    for kind, most in (("import", import_limit_w), ("transformer", feeder.transformer.s_va)):
        if most is not None and flows_w[root] > most:
            yield Limit("transformer", kind, everything, most)
    for kind, most in (("export", export_limit_w), ("transformer", feeder.transformer.s_va)):
        if most is not None and -flows_w[root] > most:
            yield Limit("transformer", kind, -everything, most)
    for node in np.flatnonzero(np.abs(flows_w) > feeder.line_limits_w):
        line = feeder.lines[feeder.tree.line[feeder.places[node]]]
        sign = np.sign(flows_w[node])
        yield Limit(line.code, "line", sign * below(feeder, int(node)), feeder.line_limits_w[node])
    yield from _voltage_limits(feeder, squared_pu)


def below(feeder: Feeder, node: int) -> Floats:
    """1 for every node that the line into `node` feeds, else 0."""
    tree = feeder.tree
    place = feeder.places[node]
    below = np.zeros(len(tree.order))
    below[tree.order[place : tree.end[place]]] = 1.0
    return below


def _voltage_limits(feeder: Feeder, squared_pu: Floats) -> Iterator[Limit]:
    """The highest and the lowest voltage where they leave the band, with coefficients scaled to one."""
    high, low = int(np.argmax(squared_pu)), int(np.argmin(squared_pu))
    for node, kind, sign, bound in (
        (high, "voltage_high", -1.0, feeder.v_max_pu),
        (low, "voltage_low", 1.0, feeder.v_min_pu),
    ):
        limit = voltage_limit(feeder, node, kind, bound**2)
        if limit is not None and sign * (bound**2 - squared_pu[node]) > 0:
            yield limit


def voltage_limit(feeder: Feeder, node: int, kind: str, squared_bound_pu: float) -> Limit | None:
    """The bound of a node's squared voltage as a limit on withdrawals; None where nothing moves the voltage."""
    sign = 1.0 if kind == "voltage_low" else -1.0
    drops = _drops(feeder, node)
    scale = float(np.max(drops))
    if scale <= 0:
        return None
    room = sign * (feeder.slack_pu**2 - squared_bound_pu)
    return Limit(feeder.nodes[node], kind, sign * drops / scale, room / scale)


def _drops(feeder: Feeder, node: int) -> Floats:
    """Fall of the squared voltage at `node` per W withdrawn at each node: twice the resistance they share."""
    tree = feeder.tree
    drops = np.zeros(len(tree.order))
    place = int(feeder.places[node])
    while True:
        drops[tree.order[place : tree.end[place]]] += 2 * tree.r_ohm[place] / feeder.nominal_v**2
        if place == 0:
            return drops
        place = int(tree.parent[place])
