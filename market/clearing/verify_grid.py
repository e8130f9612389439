"""Whether the street carries a clearing: linear limits recounted another way, and the AC state put to the
proof.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.clearing.book import PHASE_CODES, Book
from market.clearing.outcome import Clearing
from market.grid import Feeder
from market.grid.feeder import Floats, Ints

# A limit of the street may be passed by this share, and by what rounding to whole Wh can move.
SLACK, AC_SLACK = 2e-3, 4e-3
KIRCHHOFF_PU = 2e-5  # by how much the stated voltages may miss those that their currents cause
ANGLE = np.exp(2j * np.pi / 3)


@dataclass(frozen=True, eq=False, slots=True)
class Ancestry:
    """The number of each node and the one above, its line's impedances and most current, and jumps of 1, 2, 4, …
    nodes upwards.

    `jumps` name the node reached (one more than there are, if the root is passed).
    """

    number: dict[str, int]
    above: Ints
    own_ohm: NDArray[np.complex128]
    mutual_ohm: NDArray[np.complex128]
    most_a: Floats
    jumps: tuple[Ints, ...]

    def gathered(self, values: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Sums over subtrees, `[phase, node]`: each jump doubles how deep they reach."""
        sums = values.copy()
        for part in (*sums.real, *sums.imag):
            if part.any():
                for jump in self.jumps:
                    part[:] += np.bincount(jump, part, len(part) + 1)[:-1]
        return sums

    def accumulated(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sums along paths to the root, `[phase, node]`: each jump doubles how far they reach."""
        sums = np.concatenate((values, np.zeros((len(values), 1), dtype=values.dtype)), axis=1)
        for row in sums:
            for jump in self.jumps:
                row[:-1] += row[jump]
        return sums[:, :-1]


@lru_cache(maxsize=1024)
def ancestry(feeder: Feeder) -> Ancestry:
    """The tree of a feeder, from its lines alone."""
    number = {node: i for i, node in enumerate(feeder.nodes)}
    count = len(feeder.nodes)
    above = np.full(count, count)
    one: NDArray[np.complex128] = np.zeros(count, dtype=complex)
    zero = one.copy()
    most: Floats = np.full(count, np.inf)
    for line in feeder.lines:
        child = number[line.child]
        above[child] = number[line.parent]
        one[child], zero[child] = line.positive_ohm, line.zero_ohm
        most[child] = np.inf if line.limit_a is None else line.limit_a
    root = number[feeder.root]
    one[root] = zero[root] = complex(feeder.transformer.r_ohm, feeder.transformer.x_ohm)
    jumps, jump = [], np.append(above, count)
    while (jump[:-1] < count).any():
        jumps.append(jump[:-1].copy())
        jump = jump[jump]
    return Ancestry(
        number,
        above,
        (zero + 2 * one) / 3,
        np.asarray((zero - one) / 3, dtype=complex),
        most,
        tuple(jumps),
    )


def nodes_of(book: Book, feeder: Feeder) -> Ints:
    """Each order's node as the feeder counts them."""
    if book.nodes == feeder.nodes:
        return book.node
    number = ancestry(feeder).number
    return np.array([number[node] for node in book.nodes], dtype=np.int64)[book.node]


def drawn_va(book: Book, feeder: Feeder, flow_wh: Ints) -> NDArray[np.complex128]:
    """VA that each node draws from each phase, `[phase, node]`."""
    number, at = ancestry(feeder).number, nodes_of(book, feeder)
    power = np.where(book.buys, 1, -1) * flow_wh * (60 / book.slot_minutes)
    answer = np.zeros((3, len(feeder.nodes)), dtype=complex)
    for code, phases in enumerate(PHASE_CODES):
        if not (book.phase == code).any():
            continue
        here = power * (book.phase == code)
        total = np.bincount(at, here, len(feeder.nodes)) + 0j
        if book.tan_phi.any():
            total += 1j * np.bincount(at, here * book.tan_phi, len(feeder.nodes))
        for phase in phases:
            answer["abc".index(phase)] += total / len(phases)
    for node, watt in book.base_w.items():
        answer[:, number[node]] += watt / 3
    for node, var in book.base_var.items():
        answer[:, number[node]] += 1j * var / 3
    return answer


def grid_problems(book: Book, feeder: Feeder, clearing: Clearing) -> Iterator[str]:
    """Every limit of the street that a clearing breaks."""
    if clearing.emergency:  # firm energy alone breaks a limit: it is reported, the market cannot mend it
        return
    drawn = drawn_va(book, feeder, clearing.flow_wh)
    if not book.phase.any():  # everything is on three phases: one of them tells all
        drawn = drawn[:1]
    rounding_va = 60 / book.slot_minutes * len(book)
    if clearing.voltages_v is None or clearing.voltages_v.T.shape != drawn.shape:
        yield "The clearing states no AC voltages."
        return
    tree, volts = ancestry(feeder), np.ascontiguousarray(clearing.voltages_v.T)
    through, currents = tree.gathered(drawn), tree.gathered(np.conj(drawn / volts))
    total = float(drawn.real.sum()) * (3 / len(drawn))
    for name, limit, value in (("import", book.import_limit_w, total), ("export", book.export_limit_w, -total)):
        if limit is not None and value > limit * (1 + SLACK) + rounding_va:
            yield f"The {name} limit of {limit:.0f} W is broken: {value:.0f} W."
    yield from _powers(feeder, tree, np.abs(through), rounding_va)
    yield from _voltages(feeder, tree, through)
    yield from _under_ac(feeder, tree, currents, volts, rounding_va)


def _powers(feeder: Feeder, tree: Ancestry, carried_va: Floats, rounding_va: float) -> Iterator[str]:
    root, phase_v = feeder.nodes.index(feeder.root), feeder.nominal_v / 3**0.5
    rated = feeder.transformer.s_va
    fullest_va = carried_va.max(axis=0)
    if rated is not None and fullest_va[root] > rated / 3 * (1 + SLACK) + rounding_va:
        yield f"The transformer carries {fullest_va[root]:.0f} VA in one phase, {rated / 3:.0f} VA at most."
    over = fullest_va > tree.most_a * phase_v * (1 + SLACK) + rounding_va
    over[root] = False
    for node in np.flatnonzero(over)[:5]:
        yield f"The line to {feeder.nodes[node]} carries {fullest_va[node]:.0f} VA in one phase."


def _voltages(feeder: Feeder, tree: Ancestry, through: NDArray[np.complex128]) -> Iterator[str]:
    """Squared voltages of the linear model: a phase's own fall and what the others induce."""
    phase_v = feeder.nominal_v / 3**0.5
    own, mutual = tree.own_ohm, tree.mutual_ohm
    if len(through) == 1:
        fall = ((own - mutual).conj() * through).real
    else:
        before, after = through[[1, 2, 0]], through[[2, 0, 1]]
        fall = (own.conj() * through + mutual.conj() * (ANGLE * before + ANGLE.conjugate() * after)).real
    squared = feeder.slack_pu**2 - tree.accumulated(2 * fall / phase_v**2)
    out = (squared < feeder.v_min_pu**2 - SLACK) | (squared > feeder.v_max_pu**2 + SLACK)
    for node in np.flatnonzero(out.any(axis=0))[:5]:
        told = [round(float(max(value, 0)) ** 0.5, 3) for value in squared[:, node]]
        yield f"The voltages at {feeder.nodes[node]} are {told} per unit."


def _under_ac(
    feeder: Feeder,
    tree: Ancestry,
    currents: NDArray[np.complex128],
    volts: NDArray[np.complex128],
    rounding_va: float,
) -> Iterator[str]:
    """The stated AC voltages cause `currents`, whose falls must give those voltages back; then the limits."""
    phase_v = feeder.nominal_v / 3**0.5
    falls = (tree.own_ohm - tree.mutual_ohm) * currents
    if len(volts) == 3:
        falls += tree.mutual_ohm * currents.sum(axis=0)
    source = feeder.slack_pu * phase_v * ANGLE ** -np.arange(len(volts))[:, None]
    missed = float(np.max(np.abs(source - tree.accumulated(falls) - volts))) / phase_v
    if missed > KIRCHHOFF_PU:
        yield f"The stated AC voltages are off by {missed:.6f} per unit."
    root = feeder.nodes.index(feeder.root)
    through = float(np.max(np.abs(volts[:, root] * np.conj(currents[:, root]))))
    if (
        feeder.transformer.s_va is not None
        and through > feeder.transformer.s_va / 3 * (1 + AC_SLACK) + rounding_va
    ):
        yield f"Under AC the transformer carries {through:.0f} VA in one phase."
    ampere = np.abs(currents).max(axis=0)
    over = ampere > tree.most_a * (1 + AC_SLACK) + rounding_va / phase_v
    over[root] = False
    for node in np.flatnonzero(over)[:5]:
        yield f"Under AC the line to {feeder.nodes[node]} carries {ampere[node]:.0f} A."
    size = np.abs(volts) / phase_v
    low, high = feeder.v_min_pu - AC_SLACK / 2, feeder.v_max_pu + AC_SLACK / 2
    least, most = size.min(axis=0), size.max(axis=0)
    for node in np.flatnonzero((least < low) | (most > high))[:5]:
        yield f"Under AC the voltage at {feeder.nodes[node]} is {least[node]:.4f} to {most[node]:.4f} per unit."
