"""The street's limits over all slots at once: which of them a plan breaks, and as rows over the homes' kWh.

The linear flow is that of `market.grid.flow`, with the slots as one more dimension: sums over subtrees are
differences of running sums, voltages are running sums of the falls along the lines.
"""

from collections.abc import Container, Hashable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from market.grid.feeder import PHASES, SHARES, Feeder, FeederError, Floats, single_node
from market.grid.network import network_of
from market.planning.day import Day


class Element(NamedTuple):
    """One side of one element. `place` is its node's in the feeder's order, `phase` −1 for all three together.

    `kind` is import, export, transformer, line, voltage_high or voltage_low; `sign` is 1 where withdrawals push it
    and −1 where surplus does.
    """

    kind: str
    place: int
    phase: int
    sign: int


class Limit(NamedTuple):
    """An element in a slot."""

    slot: int
    element: Element


class Street:
    """A feeder with the day's homes on it; without one they stand on one busbar.

    Raises FeederError if a home's node is not on the feeder.
    """

    def __init__(self, day: Day, feeder: Feeder | None) -> None:
        self.day, self.feeder = day, feeder or single_node()
        nodes = day.homes.nodes if feeder else (self.feeder.root,) * len(day.homes.nodes)
        for home, node in enumerate(nodes):
            if node not in self.feeder.index:
                raise FeederError(f"Home {home}, nodes: {node} is not a node of the street.")
        self.places = np.array([self.feeder.places[self.feeder.index[node]] for node in nodes], dtype=np.int64)
        self.shares = np.array([SHARES[phase] for phase in day.homes.phases]).reshape(-1, 3)
        self.most_w = self.feeder.line_limits_w[self.feeder.tree.order]
        if self.feeder.transformer.s_va is not None:
            self.most_w[0] = self.feeder.transformer.s_va / 3
        self._rows: dict[Element, tuple[Floats, float]] = {}

    def flows_w(self, withdrawals_kwh: Floats) -> Floats:
        """Power into each place's subtree (W, place × phase × slot) if homes withdraw these kWh (H × T)."""
        watts = withdrawals_kwh * (1e3 / self.day.hours)
        drawn = np.zeros((len(self.most_w) + 1, 3, watts.shape[1]))
        np.add.at(drawn, self.places + 1, self.shares[:, :, None] * watts[:, None, :])
        sums = np.cumsum(drawn, axis=0)
        return np.asarray(sums[self.feeder.tree.end] - sums[:-1])

    def squared_pu(self, flows_w: Floats) -> Floats:
        """Squared voltages for flows of `flows_w`: place × phase × slot."""
        drops = np.einsum("ijn,njt->nit", network_of(self.feeder, balanced=False).drop_p, flows_w)
        changes = np.zeros((len(drops) + 1, *drops.shape[1:]))
        changes[:-1] = drops
        np.subtract.at(changes, self.feeder.tree.end, drops)
        return np.asarray(self.feeder.slack_pu**2 - np.cumsum(changes[:-1], axis=0))

    def row(self, element: Element) -> tuple[Floats, float]:
        """An element's limit as Σ coefficients·kWh of homes ≤ most, the largest coefficient 1."""
        if element not in self._rows:
            weights, most_w = self._weights(element)
            scale = float(np.max(np.abs(weights), initial=0.0)) or 1.0
            self._rows[element] = weights / scale, most_w / scale * self.day.hours / 1e3
        return self._rows[element]

    def _weights(self, element: Element) -> tuple[Floats, float]:
        kind, place, phase, sign = element
        tree = self.feeder.tree
        if kind in ("import", "export"):
            most_w = self.day.import_limit_w if kind == "import" else self.day.export_limit_w
            return np.full(len(self.places), float(sign)), float(most_w or 0)
        if kind in ("line", "transformer"):
            below = (self.places >= place) & (self.places < tree.end[place])
            return sign * below * self.shares[:, phase], float(self.most_w[place])
        bound_pu = self.feeder.v_min_pu if kind == "voltage_low" else self.feeder.v_max_pu
        drops = np.zeros(len(self.places))
        path = [place]
        while path[-1]:
            path.append(int(tree.parent[path[-1]]))
        for step in path:
            below = (self.places >= step) & (self.places < tree.end[step])
            drops[below] += self.shares[below] @ network_of(self.feeder, balanced=False).drop_p[phase, :, step]
        return sign * drops, sign * (self.feeder.slack_pu**2 - bound_pu**2)

    def broken(
        self, withdrawals_kwh: Floats, tolerance_kwh: float, known: Container[Hashable] = ()
    ) -> list[Limit]:
        """Limits not `known` that these withdrawals (H × T) break; of voltages the worst of each stretch."""
        flows = self.flows_w(withdrawals_kwh)
        squared = self.squared_pu(flows)
        found = list(self._broken_flows(flows))
        for kind, sign, bound_pu in (
            ("voltage_low", 1, self.feeder.v_min_pu),
            ("voltage_high", -1, self.feeder.v_max_pu),
        ):
            excess = sign * (bound_pu**2 - squared)
            found += self._broken_voltages(kind, sign, excess, known)
        return [
            limit
            for limit in found
            if limit not in known and self.room_kwh(limit, withdrawals_kwh) < -tolerance_kwh
        ]

    def room_kwh(self, limit: Limit, withdrawals_kwh: Floats) -> float:
        """What these withdrawals leave of a limit."""
        coefficients, most = self.row(limit.element)
        return most - float(coefficients @ withdrawals_kwh[:, limit.slot])

    def _broken_flows(self, flows_w: Floats) -> Iterator[Limit]:
        through = flows_w[0].sum(axis=0)
        both = (("import", self.day.import_limit_w, 1), ("export", self.day.export_limit_w, -1))
        for kind, most_w, sign in both:
            if most_w is not None:
                for slot in np.flatnonzero(sign * through > most_w):
                    yield Limit(int(slot), Element(kind, 0, -1, sign))
        for place, phase, slot in np.argwhere(np.abs(flows_w) > self.most_w[:, None, None]):
            sign = int(np.sign(flows_w[place, phase, slot]))
            yield Limit(int(slot), Element("line" if place else "transformer", int(place), int(phase), sign))

    def _broken_voltages(
        self, kind: str, sign: int, excess: Floats, known: Container[Hashable]
    ) -> Iterator[Limit]:
        """The worst place not `known` of each connected stretch with `excess` above zero, per phase and slot."""
        outside = excess > 0
        if not outside.any():
            return
        parent = self.feeder.tree.parent
        top = np.zeros(excess.shape, dtype=np.int64)
        for node in range(1, len(excess)):
            top[node] = np.where(outside[parent[node]] & outside[node], top[parent[node]], node)
        place, phase, slot = np.nonzero(outside)
        stretch = (top[place, phase, slot] * 3 + phase) * excess.shape[2] + slot
        # Rounded, so that which of two equal places is the worse is no chance.
        by_excess = np.lexsort((place, -excess[place, phase, slot].round(10), stretch))
        first = np.unique(stretch[by_excess], return_index=True)[1]
        for begin, end in pairwise([*first.tolist(), len(by_excess)]):
            for i in by_excess[begin:end]:
                limit = Limit(int(slot[i]), Element(kind, int(place[i]), int(phase[i]), sign))
                if limit not in known:
                    yield limit
                    break

    def named(self, element: Element) -> tuple[str, str]:
        """What an element is called, and its phase (empty: all three together)."""
        tree = self.feeder.tree
        phase = PHASES[element.phase] if element.phase >= 0 else ""
        if element.kind == "line":
            return self.feeder.lines[tree.line[element.place]].code, phase
        if element.kind.startswith("voltage"):
            return self.feeder.nodes[tree.order[element.place]], phase
        return "transformer", phase
