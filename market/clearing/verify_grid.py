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
    """The number and the feeder above each node, its line's impedances and most current, and jumps of 1, 2, 4,
    … nodes upwards.

    `jumps` name the node reached (one more than there are, if the root is passed); `landings` are, for each
    jump, the nodes in the order of where they land, where each landing's stretch begins, and who lands.
    """

    number: dict[str, int]
    above: Ints
    own_ohm: NDArray[np.complex128]
    mutual_ohm: NDArray[np.complex128]
    most_a: Floats
    jumps: tuple[Ints, ...]
    landings: tuple[tuple[Ints, Ints, Ints], ...]

    def gathered(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sums over subtrees: each jump doubles how deep they reach."""
        sums = values.copy()
        for order, starts, reached in self.landings:
            sums[reached] += np.add.reduceat(sums[order], starts, axis=0)
        return sums

    def accumulated(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sums along paths to the root: each jump doubles how far they reach."""
        sums = np.concatenate((values, np.zeros((1, values.shape[1]), dtype=values.dtype)))
        for jump in self.jumps:
            sums[:-1] += sums[jump]
        return sums[:-1]


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
    jumps, landings, jump = [], [], np.append(above, count)
    while (jump[:-1] < count).any():
        jumps.append(jump[:-1].copy())
        lands = np.flatnonzero(jump[:-1] < count)
        order = lands[np.argsort(jump[lands], kind="stable")]
        reached, starts = np.unique(jump[order], return_index=True)
        landings.append((order, starts, reached))
        jump = jump[jump]
    return Ancestry(
        number,
        above,
        (zero + 2 * one) / 3,
        np.asarray((zero - one) / 3, dtype=complex),
        most,
        tuple(jumps),
        tuple(landings),
    )


def nodes_of(book: Book, feeder: Feeder) -> Ints:
    """Each order's node as the feeder counts them."""
    if book.nodes == feeder.nodes:
        return book.node
    number = ancestry(feeder).number
    return np.array([number[node] for node in book.nodes], dtype=np.int64)[book.node]


def drawn_va(book: Book, feeder: Feeder, flow_wh: Ints) -> NDArray[np.complex128]:
    """VA that each node draws from each phase, `[node, phase]`."""
    number, at = ancestry(feeder).number, nodes_of(book, feeder)
    power = np.where(book.buys, 1, -1) * flow_wh * (60 / book.slot_minutes) * (1 + 1j * book.tan_phi)
    answer = np.zeros((len(feeder.nodes), 3), dtype=complex)
    for code, phases in enumerate(PHASE_CODES):
        these = book.phase == code
        if these.any():
            total = np.bincount(at[these], power[these].real, len(answer)) + 0j
            if book.tan_phi.any():
                total += 1j * np.bincount(at[these], power[these].imag, len(answer))
            for phase in phases:
                answer[:, "abc".index(phase)] += total / len(phases)
    for node, watt in book.base_w.items():
        answer[number[node]] += watt / 3
    for node, var in book.base_var.items():
        answer[number[node]] += 1j * var / 3
    return answer


def grid_problems(book: Book, feeder: Feeder, clearing: Clearing) -> Iterator[str]:
    """Every limit of the street that a clearing breaks."""
    if clearing.emergency:  # firm energy alone breaks a limit: it is reported, the market cannot mend it
        return
    drawn = drawn_va(book, feeder, clearing.flow_wh)
    if not book.phase.any():  # everything is on three phases: one of them tells all
        drawn = drawn[:, :1]
    rounding_va = 60 / book.slot_minutes * len(book)
    tree = ancestry(feeder)
    through = tree.gathered(drawn)
    total = float(drawn.real.sum()) * (3 / drawn.shape[1])
    for name, limit, value in (("import", book.import_limit_w, total), ("export", book.export_limit_w, -total)):
        if limit is not None and value > limit * (1 + SLACK) + rounding_va:
            yield f"The {name} limit of {limit:.0f} W is broken: {value:.0f} W."
    yield from _powers(feeder, tree, np.abs(through), rounding_va)
    yield from _voltages(feeder, tree, through)
    yield from _under_ac(feeder, tree, drawn, clearing, rounding_va)


def _powers(feeder: Feeder, tree: Ancestry, carried_va: Floats, rounding_va: float) -> Iterator[str]:
    root, phase_v = feeder.nodes.index(feeder.root), feeder.nominal_v / 3**0.5
    rated = feeder.transformer.s_va
    if rated is not None and carried_va[root].max() > rated / 3 * (1 + SLACK) + rounding_va:
        yield f"The transformer carries {carried_va[root].max():.0f} VA in one phase, {rated / 3:.0f} VA at most."
    over = carried_va.max(axis=1) > tree.most_a * phase_v * (1 + SLACK) + rounding_va
    over[root] = False
    for node in np.flatnonzero(over)[:5]:
        yield f"The line to {feeder.nodes[node]} carries {carried_va[node].max():.0f} VA in one phase."


def _voltages(feeder: Feeder, tree: Ancestry, through: NDArray[np.complex128]) -> Iterator[str]:
    """Squared voltages of the linear model: a phase's own fall and what the others induce."""
    phase_v = feeder.nominal_v / 3**0.5
    own, mutual = tree.own_ohm[:, None], tree.mutual_ohm[:, None]
    if through.shape[1] == 1:
        fall = ((own - mutual).conj() * through).real
    else:
        before, after = np.roll(through, -1, axis=1), np.roll(through, 1, axis=1)
        fall = (own.conj() * through + mutual.conj() * (ANGLE * before + ANGLE.conjugate() * after)).real
    squared = feeder.slack_pu**2 - tree.accumulated(2 * fall / phase_v**2)
    out = (squared < feeder.v_min_pu**2 - SLACK) | (squared > feeder.v_max_pu**2 + SLACK)
    for node in np.flatnonzero(out.any(axis=1))[:5]:
        told = [round(float(max(value, 0)) ** 0.5, 3) for value in squared[node]]
        yield f"The voltages at {feeder.nodes[node]} are {told} per unit."


def _under_ac(
    feeder: Feeder, tree: Ancestry, drawn: NDArray[np.complex128], clearing: Clearing, rounding_va: float
) -> Iterator[str]:
    """The stated AC voltages cause currents, whose falls must give those voltages back; then the limits."""
    volts = clearing.voltages_v
    if volts is None or volts.shape != drawn.shape:
        yield "The clearing states no AC voltages."
        return
    phase_v = feeder.nominal_v / 3**0.5
    currents = tree.gathered(np.conj(drawn / volts))
    own, mutual = tree.own_ohm[:, None], tree.mutual_ohm[:, None]
    falls = (own - mutual) * currents
    if drawn.shape[1] == 3:
        falls = falls + mutual * currents.sum(axis=1, keepdims=True)
    source = feeder.slack_pu * phase_v * ANGLE ** -np.arange(drawn.shape[1])
    missed = float(np.max(np.abs(source - tree.accumulated(falls) - volts))) / phase_v
    if missed > KIRCHHOFF_PU:
        yield f"The stated AC voltages are off by {missed:.6f} per unit."
    root = feeder.nodes.index(feeder.root)
    through = float(np.max(np.abs(volts[root] * np.conj(currents[root]))))
    if (
        feeder.transformer.s_va is not None
        and through > feeder.transformer.s_va / 3 * (1 + AC_SLACK) + rounding_va
    ):
        yield f"Under AC the transformer carries {through:.0f} VA in one phase."
    ampere = np.abs(currents).max(axis=1)
    over = ampere > tree.most_a * (1 + AC_SLACK) + rounding_va / phase_v
    over[root] = False
    for node in np.flatnonzero(over)[:5]:
        yield f"Under AC the line to {feeder.nodes[node]} carries {ampere[node]:.0f} A."
    size = np.abs(volts) / phase_v
    low, high = feeder.v_min_pu - AC_SLACK / 2, feeder.v_max_pu + AC_SLACK / 2
    for node in np.flatnonzero((size.min(axis=1) < low) | (size.max(axis=1) > high))[:5]:
        least, most = size[node].min(), size[node].max()
        yield f"Under AC the voltage at {feeder.nodes[node]} is {least:.4f} to {most:.4f} per unit."
