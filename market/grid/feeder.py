"""A radial low-voltage feeder of three phases, checked when it is made, its tree in the order that sums need."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

PHASES = ("a", "b", "c")
# What a home on each phase, or on all three, draws from a, b and c.
SHARES = {
    "abc": np.full(3, 1 / 3),
    "a": np.array([1.0, 0.0, 0.0]),
    "b": np.array([0.0, 1.0, 0.0]),
    "c": np.array([0.0, 0.0, 1.0]),
}
# Zero sequence of a four-core low-voltage cable, whose neutral brings the current back, against its positive
# sequence (IEC 60909-2); taken where a line does not say its own.
R0_RATIO, X0_RATIO = 4.0, 3.7


class FeederError(ValueError):
    """The network cannot be used; the message names the line or node and what to mend."""


@dataclass(frozen=True, slots=True)
class Line:
    """A cable from `parent` (nearer the transformer) to `child`: ohm, ohm, ampere (None: no limit known).

    `r0_ohm` and `x0_ohm` are its zero sequence; None: as of a usual four-core cable. A line that `is_transformer`
    leads to another substation's busbar (impedance referred to this level).
    """

    code: str
    parent: str
    child: str
    r_ohm: float
    x_ohm: float
    limit_a: float | None = None
    r0_ohm: float | None = None
    x0_ohm: float | None = None
    is_transformer: bool = False

    @property
    def positive_ohm(self) -> complex:
        """Impedance that balanced currents meet."""
        return complex(self.r_ohm, self.x_ohm)

    @property
    def zero_ohm(self) -> complex:
        """Impedance that the same current in all three phases meets."""
        r0 = R0_RATIO * self.r_ohm if self.r0_ohm is None else self.r0_ohm
        x0 = X0_RATIO * self.x_ohm if self.x0_ohm is None else self.x0_ohm
        return complex(r0, x0)


@dataclass(frozen=True, slots=True)
class Transformer:
    """The transformer in front of the root; resistance and reactance in ohm at the low-voltage side."""

    s_va: float | None = None
    r_ohm: float = 0.0
    x_ohm: float = 0.0


@dataclass(frozen=True, eq=False)
class Feeder:
    """Nodes and lines that form one tree under `root`. Voltages per unit of `nominal_v` (line to line).

    `slack_pu` is the voltage without load at the transformer's low-voltage side, taps included.
    Raises `FeederError` for loops, islands, unknown nodes and lines without impedance.
    """

    nodes: tuple[str, ...]
    root: str
    lines: tuple[Line, ...] = ()
    transformer: Transformer = Transformer()
    nominal_v: float = 400.0
    slack_pu: float = 1.0
    v_min_pu: float = 0.9
    v_max_pu: float = 1.1

    def __post_init__(self) -> None:
        known = set(self.nodes)
        if len(known) != len(self.nodes) or self.root not in known:
            raise FeederError(f"Nodes must be named once each, and the root {self.root} must be among them.")
        fed: dict[str, str] = {}
        for line in self.lines:
            for node in (line.parent, line.child):
                if node not in known:
                    raise FeederError(f"Line {line.code} ends at {node}, which is not a node.")
            if not (line.r_ohm > 0 and line.x_ohm >= 0):
                raise FeederError(f"Line {line.code} needs a resistance above zero and a reactance.")
            if line.child in fed or line.child == self.root:
                raise FeederError(f"Line {line.code} closes a loop at {line.child}: open one switch there.")
            fed[line.child] = line.code
        if len(self.order) != len(self.nodes):
            cut_off = sorted(known - {self.nodes[i] for i in self.order})
            raise FeederError(f"Not connected to the transformer: {', '.join(cut_off)}.")

    @cached_property
    def index(self) -> dict[str, int]:
        """Place of each node in `nodes`."""
        return {node: i for i, node in enumerate(self.nodes)}

    @cached_property
    def order(self) -> Sequence[int]:
        """Nodes from the root outwards, every subtree in one piece (preorder)."""
        children: dict[str, list[str]] = {node: [] for node in self.nodes}
        for line in reversed(self.lines):
            children[line.parent].append(line.child)
        seen, stack = [], [self.root]
        while stack:
            node = stack.pop()
            seen.append(self.index[node])
            stack += children[node]
        return seen

    @cached_property
    def tree(self) -> "Tree":
        """The tree as arrays over `order`."""
        place = {node: i for i, node in enumerate(self.order)}
        parent = np.zeros(len(self.nodes), dtype=np.int64)
        positive, zero = (np.zeros(len(self.nodes), dtype=np.complex128) for _ in range(2))
        line_of = np.full(len(self.nodes), -1, dtype=np.int64)
        for i, line in enumerate(self.lines):
            child = place[self.index[line.child]]
            parent[child] = place[self.index[line.parent]]
            positive[child], zero[child] = line.positive_ohm, line.zero_ohm
            line_of[child] = i
        # A transformer with its neutral earthed does not couple its phases.
        positive[0] = zero[0] = complex(self.transformer.r_ohm, self.transformer.x_ohm)
        size = np.ones(len(self.nodes), dtype=np.int64)
        for child in range(len(self.nodes) - 1, 0, -1):
            size[parent[child]] += size[child]
        end = np.arange(len(self.nodes)) + size
        order = np.array(self.order, dtype=np.int64)
        return Tree(order, parent, end, (zero + 2 * positive) / 3, (zero - positive) / 3, line_of)

    @cached_property
    def places(self) -> Ints:
        """Place of each node in `order`."""
        places = np.empty(len(self.nodes), dtype=np.int64)
        places[self.tree.order] = np.arange(len(self.nodes))
        return places

    @cached_property
    def line_limits_a(self) -> Floats:
        """Most current of the line into each node; infinite where none is known."""
        most = np.full(len(self.nodes), np.inf)
        for line in self.lines:
            if line.limit_a is not None:
                most[self.index[line.child]] = line.limit_a
        return most

    @cached_property
    def line_limits_w(self) -> Floats:
        """Most power of one phase of the line into each node (W, at nominal voltage); infinite if unknown."""
        return self.phase_v * self.line_limits_a

    @property
    def phase_v(self) -> float:
        """Nominal voltage from a phase to the neutral."""
        return self.nominal_v / sqrt(3)

    @cached_property
    def zones(self) -> tuple[Ints, Ints]:
        """Of each node: the feeder that it hangs on, and its substation, both as numbers of nodes.

        A substation's busbar is the root, or what a line that `is_transformer` leads to; a feeder is what one
        line out of a busbar supplies. The busbar itself is a feeder of its own.
        """
        feeders, stations = np.zeros((2, len(self.nodes)), dtype=np.int64)
        busbars = {self.index[line.child] for line in self.lines if line.is_transformer}
        busbars.add(self.index[self.root])
        parents = {self.index[line.child]: self.index[line.parent] for line in self.lines}
        for node in self.order:
            if node in busbars:
                feeders[node] = stations[node] = node
                continue
            above = parents[node]
            feeders[node] = node if above in busbars else feeders[above]
            stations[node] = stations[above]
        return feeders, stations


@dataclass(frozen=True, slots=True)
class Tree:
    """A feeder in preorder: node `i` feeds the places `[i, end[i])`; its own line leads from `parent[i]`.

    `order` maps places to nodes, `z_self` and `z_mutual` (ohm) are a phase's own and the coupling of two
    phases of the line into each place (the transformer's at place 0), `line` its number in the feeder (−1 at
    place 0).
    """

    order: Ints
    parent: Ints
    end: Ints
    z_self: Complexes
    z_mutual: Complexes
    line: Ints


def single_node() -> Feeder:
    """The network of a community that knows no feeder: everybody on one busbar without limits."""
    return Feeder(nodes=("busbar",), root="busbar")
