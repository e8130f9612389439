"""Linear power flow of a radial feeder, phase by phase (LinDist3Flow), and the limits that it must keep.

Everything is linear in the withdrawals w[node, phase] (W, consumption positive): the flow of a line is the sum of
w below it, and the squared voltage (per unit) of each phase falls along a line by what `Feeder.coupling` says.
Losses are neglected and homes taken at power factor one. Sources: Baran and Wu 1989; Gan and Low 2014.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from market.grid.feeder import PHASES, Feeder, Floats

# A limit counts as broken beyond this share of itself, so that rounding to whole Wh breaks none.
TOLERANCE = 1e-3
# Voltages nearer to each other than this are equal, so that which of two phases is the worse is no chance.
DIGITS = 10


@dataclass(frozen=True, eq=False, slots=True)
class Limit:
    """`coefficients`·w must not exceed `most`: one side of one element, both in W or both in W-equivalents.

    `kind` is import, export, transformer, line, voltage_high or voltage_low; `element` names it, `phase` the
    phase (empty: all three together). `loading` gives the share of the limit in use (1 is full).
    """

    element: str
    kind: str
    coefficients: Floats
    most: float
    phase: str = ""

    @property
    def identity(self) -> tuple[str, str, str, bytes]:
        """Which side of which element it is, whatever its figure."""
        return self.element, self.kind, self.phase, np.sign(self.coefficients).tobytes()

    def used(self, withdrawals_w: Floats) -> float:
        """What these withdrawals (W per node and phase) take of it."""
        return float(np.sum(self.coefficients * withdrawals_w))

    def loading(self, withdrawals_w: Floats) -> float:
        """Share of the limit that these withdrawals use."""
        return self.used(withdrawals_w) / self.most if self.most else 1.0


def line_flows_w(feeder: Feeder, withdrawals_w: Floats) -> Floats:
    """Power into each node's subtree, W per node and phase (at the root: the whole)."""
    tree = feeder.tree
    sums = np.concatenate((np.zeros((1, 3)), np.cumsum(withdrawals_w[tree.order], axis=0)))
    flows = np.empty((len(tree.order), 3))
    flows[tree.order] = sums[tree.end] - sums[:-1]
    return flows


def voltages_pu(feeder: Feeder, withdrawals_w: Floats) -> Floats:
    """Voltage of each node and phase to the neutral, per unit."""
    return np.sqrt(np.maximum(squared_voltages(feeder, withdrawals_w), 0.0))


def squared_voltages(feeder: Feeder, withdrawals_w: Floats) -> Floats:
    """Squared voltage of each node and phase, per unit."""
    tree = feeder.tree
    flows = line_flows_w(feeder, withdrawals_w)[tree.order]
    drops = np.einsum("nij,nj->ni", feeder.coupling, flows)
    # Adding a drop where its subtree begins and taking it away where it ends makes one running sum do.
    changes = np.zeros((len(tree.order) + 1, 3))
    changes[:-1] = drops
    np.subtract.at(changes, tree.end, drops)
    squared = np.empty((len(tree.order), 3))
    squared[tree.order] = feeder.slack_pu**2 - np.cumsum(changes, axis=0)[:-1]
    return squared


def broken_limits(
    feeder: Feeder, withdrawals_w: Floats, import_limit_w: float | None, export_limit_w: float | None
) -> list[Limit]:
    """Every limit that these withdrawals break; of the voltages only the worst node and phase on either side."""
    flows = line_flows_w(feeder, withdrawals_w)
    squared = squared_voltages(feeder, withdrawals_w)
    return [
        limit
        for limit in _suspects(feeder, import_limit_w, export_limit_w, flows, squared)
        if limit.used(withdrawals_w) > limit.most + TOLERANCE * abs(limit.most) + 1e-9
    ]


def _suspects(
    feeder: Feeder,
    import_limit_w: float | None,
    export_limit_w: float | None,
    flows_w: Floats,
    squared_pu: Floats,
) -> Iterator[Limit]:
    """The limits worth looking at: those of the flows that are too large, and of the worst voltages."""
    everything = np.ones((len(feeder.nodes), 3))
    through = flows_w[feeder.index[feeder.root]]
    for kind, most, sign in (("import", import_limit_w, 1.0), ("export", export_limit_w, -1.0)):
        if most is not None and sign * float(through.sum()) > most:
            yield Limit("transformer", kind, sign * everything, most)
    if feeder.transformer.s_va is not None:
        for phase in np.flatnonzero(np.abs(through) > feeder.transformer.s_va / 3):
            yield transformer_limit(
                feeder, int(phase), float(np.sign(through[phase])), feeder.transformer.s_va / 3
            )
    for node, phase in np.argwhere(np.abs(flows_w) > feeder.line_limits_w[:, None]):
        sign = float(np.sign(flows_w[node, phase]))
        yield line_limit(feeder, int(node), int(phase), sign, float(feeder.line_limits_w[node]))
    yield from _voltage_suspects(feeder, squared_pu)


def transformer_limit(feeder: Feeder, phase: int, sign: float, most_w: float) -> Limit:
    """What one phase of the transformer may carry; `sign` is 1 for taking, −1 for giving."""
    coefficients = np.zeros((len(feeder.nodes), 3))
    coefficients[:, phase] = sign
    return Limit("transformer", "transformer", coefficients, most_w, PHASES[phase])


def line_limit(feeder: Feeder, node: int, phase: int, sign: float, most_w: float) -> Limit:
    """What one phase of the line into a node may carry."""
    coefficients = np.zeros((len(feeder.nodes), 3))
    place = feeder.places[node]
    coefficients[feeder.tree.order[place : feeder.tree.end[place]], phase] = sign
    return Limit(feeder.lines[feeder.tree.line[place]].code, "line", coefficients, most_w, PHASES[phase])


def _voltage_suspects(feeder: Feeder, squared_pu: Floats) -> Iterator[Limit]:
    """The highest and the lowest voltage where they leave the band."""
    for place, kind, sign, bound in (
        (worst(squared_pu), "voltage_high", -1.0, feeder.v_max_pu),
        (worst(-squared_pu), "voltage_low", 1.0, feeder.v_min_pu),
    ):
        if sign * (bound**2 - squared_pu[place]) > 0:
            limit = voltage_limit(feeder, *place, kind, bound**2)
            if limit is not None:
                yield limit


def worst(values: Floats) -> tuple[int, int]:
    """Node and phase of the largest value; of equal ones the first."""
    node, phase = np.unravel_index(int(np.argmax(values.round(DIGITS))), values.shape)
    return int(node), int(phase)


def voltage_limit(feeder: Feeder, node: int, phase: int, kind: str, squared_bound_pu: float) -> Limit | None:
    """The bound of a squared voltage as a limit on withdrawals, scaled to one; None where nothing moves it."""
    sign = 1.0 if kind == "voltage_low" else -1.0
    drops = _drops(feeder, node, phase)
    scale = float(np.max(np.abs(drops)))
    if scale <= 0:
        return None
    room = sign * (feeder.slack_pu**2 - squared_bound_pu)
    return Limit(feeder.nodes[node], kind, sign * drops / scale, room / scale, PHASES[phase])


def _drops(feeder: Feeder, node: int, phase: int) -> Floats:
    """Fall of a squared voltage per W withdrawn at each node and phase: what their paths share of the lines."""
    tree = feeder.tree
    drops = np.zeros((len(tree.order), 3))
    place = int(feeder.places[node])
    while True:
        drops[tree.order[place : tree.end[place]]] += feeder.coupling[place, phase]
        if place == 0:
            return drops
        place = int(tree.parent[place])
