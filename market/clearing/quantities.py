"""Energies without chance: of all optimal clearings at the canonical prices the fairest, in whole Wh.

At those prices every way of every order gains, loses, or is indifferent. What gains flows in full and what loses not
at all, in every optimum. The indifferent ones are grouped by what they are to the programme (side, worth, rows); groups
share what is left in equal fractions of what they asked as far as the limits allow, orders in a group by the community's
rule. Energy is conserved to the Wh.
"""

from dataclasses import dataclass

import numpy as np

from market.clearing.apportion import apportion, share
from market.clearing.book import Book, Bools
from market.clearing.programme import Programme, Solution
from market.grid.feeder import Floats, Ints

EVEN_MEUR = 2e-6  # gains nearer to zero than this are zero; the rewards that settle ties are five times larger
PRICED_MEUR = 1e-6
NEAR_KWH = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Indifferent:
    """Groups of columns at zero gain: `group` by column (−1: decided), and of each group its row entries and energy.

    `rows` has one column a group: the equations of the programme and its tight limits; `left` is what they still
    need from the groups, `spare` what other limits still have room for (`loose`). `pairs` of groups are the two ways of
    the same orders; together they carry at most `caps`, and at least `least`, which is all of it where both ways gain.
    """

    group: Ints
    energy_kwh: Floats
    rows: Floats
    left: Floats
    loose: Floats
    spare: Floats
    pairs: Ints
    caps: Floats
    least: Floats


def canonical_energies(programme: Programme, duals: Floats, found: Solution) -> tuple[Floats, Indifferent]:
    """kWh by column at canonical prices: decided columns at a bound, indifferent groups at their fair share."""
    gains = programme.value - programme.rows.T @ duals
    decided, group = _decide(programme, gains)
    problem = _indifferent(programme, (duals, gains), found.broken_kwh, decided, group)
    if len(problem.energy_kwh):
        totals = _level(problem, found.q_kwh)
        fractions = totals / np.maximum(problem.energy_kwh, 1e-12)
        of_group = group >= 0
        bounded, crossing = of_group & np.isfinite(programme.upper), of_group & ~np.isfinite(programme.upper)
        decided[bounded] = fractions[group[bounded]] * programme.upper[bounded]
        decided[crossing] = totals[group[crossing]]
    return decided, problem


def _decide(programme: Programme, gains: Floats) -> tuple[Floats, Ints]:
    """kWh of columns whose gain decides, and the group of each that is indifferent (−1: decided)."""
    open_ = np.abs(gains) <= EVEN_MEUR
    q = np.where(gains > EVEN_MEUR, programme.upper, 0.0)
    if len(programme.pairs):
        one, other = programme.pairs.T
        level = np.abs(gains[one] - gains[other]) <= EVEN_MEUR
        worse = np.where(gains[one] > gains[other], other, one)
        q[worse[~level]] = 0.0
        open_[worse[~level]] = False
        both = level & (gains[one] > EVEN_MEUR)
        open_[one[both]] = open_[other[both]] = True
    q[open_] = 0.0
    return q, _grouped(programme, open_)


def _grouped(programme: Programme, open_: Bools) -> Ints:
    """Columns whose orders are alike to the programme in both their ways, numbered by group."""
    columns = np.flatnonzero(open_)
    group = np.full(len(open_), -1)
    if not len(columns):
        return group
    other_way = np.zeros((2, len(open_)))  # worth of the other way, and whether it is open too
    if len(programme.pairs):
        pair = programme.pairs
        other_way[0, pair] = programme.value[pair[:, ::-1]]
        other_way[1, pair] = open_[pair[:, ::-1]]
    alike = np.concatenate(
        (programme.rows, programme.meets, programme.value[None], programme.matched[None], other_way)
    )[:, columns].T.round(9)
    _, numbers = np.unique(alike, axis=0, return_inverse=True)
    group[columns] = numbers.ravel()
    return group


def _indifferent(
    programme: Programme, prices: tuple[Floats, Floats], broken_kwh: Floats, decided: Floats, group: Ints
) -> Indifferent:
    equal = programme.equal
    duals, gains = prices
    tight = np.concatenate((np.ones(equal, dtype=bool), duals[equal:] > PRICED_MEUR))
    room = np.concatenate((np.zeros(equal), programme.room + broken_kwh))
    left = room - programme.rows @ decided
    count = int(group.max(initial=-1)) + 1
    first = np.array([int(np.argmax(group == number)) for number in range(count)], dtype=np.int64)
    energy = np.bincount(group[group >= 0], np.where(np.isfinite(programme.upper), programme.upper, 0.0)[group >= 0])
    rows = programme.rows[:, first]
    return Indifferent(
        group, energy, rows[tight], left[tight], rows[~tight], left[~tight], *_group_pairs(programme, group, gains)
    )


def _group_pairs(programme: Programme, group: Ints, gains: Floats) -> tuple[Ints, Floats, Floats]:
    """Pairs of groups whose orders are indifferent between both ways, and what they carry together at most and least."""
    if not len(programme.pairs):
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0), np.zeros(0)
    pairs = programme.pairs
    both = (group[pairs] >= 0).all(axis=1)
    together, numbers = np.unique(group[pairs[both]], axis=0, return_inverse=True)
    caps = np.bincount(numbers.ravel(), programme.caps[both], len(together))
    gain = np.bincount(numbers.ravel(), (gains[pairs[both]] > EVEN_MEUR).all(axis=1), len(together))
    return together.reshape(-1, 2), caps, np.where(gain > 0, caps, 0.0)


def _level(problem: Indifferent, found_kwh: Floats) -> Floats:
    """kWh of each group. Where they could not be shared evenly, as the solver left them, which is as good in total."""
    count = len(problem.energy_kwh)
    most = np.where(problem.energy_kwh > 0, problem.energy_kwh, np.inf)
    if not len(problem.pairs) and count <= len(problem.rows):
        exact, _, rank, _ = np.linalg.lstsq(problem.rows, problem.left, rcond=None)
        if rank == count and np.all(exact >= -NEAR_KWH) and np.all(exact <= most + NEAR_KWH):
            return np.asarray(np.clip(exact, 0.0, most))
    from market.clearing.evenly import NotShared, evenly

    pairs = problem.pairs, problem.least, problem.caps
    try:
        return evenly(problem.energy_kwh, (problem.rows, problem.left), (problem.loose, problem.spare), pairs)
    except NotShared:
        of_group = problem.group >= 0
        return np.bincount(problem.group[of_group], found_kwh[of_group], count)


def whole(book: Book, programme: Programme, q_kwh: Floats, group: Ints, rule: str) -> tuple[Ints, Ints]:
    """(matched, with the retailer) in whole Wh by order from kWh by column, both sides of the matching equal."""
    real = programme.order >= 0
    order, matched = programme.order[real], programme.matched[real]
    q_wh, number = q_kwh[real] * 1e3, group[real]
    energy = np.where(number < 0, np.rint(q_wh), 0).astype(np.int64)
    local, retailer = np.zeros((2, len(book)), dtype=np.int64)
    local[order[matched]] = energy[matched]
    retailer[order[~matched]] = energy[~matched]
    _share_groups(book, (order, matched, q_wh, number), rule, local, retailer)
    _balance(book, local, retailer, order[matched & (number >= 0)])
    return local, retailer


def _share_groups(
    book: Book, columns: tuple[Ints, Bools, Floats, Ints], rule: str, local: Ints, retailer: Ints
) -> None:
    """Whole Wh inside each indifferent group, by the rule; what both ways took stays within the order."""
    order, matched, q_wh, number = columns
    for group in range(int(number.max(initial=-1)) + 1):
        members = np.flatnonzero(number == group)
        if not len(members):
            continue
        orders, way = order[members], bool(matched[members[0]])
        room = book.energy_wh[orders] - (local[orders] + retailer[orders])
        total = min(int(q_wh[members].sum() + 0.01), int(room.sum()))
        parts = np.minimum(share(rule, total, room, book.priority[orders]), room)
        (local if way else retailer)[orders] += parts


def _balance(book: Book, local: Ints, retailer: Ints, movable: Ints) -> None:
    """Take the last Wh back where rounding left one side larger; a firm sale gives them to its retailer."""
    sold, bought = int(local[~book.buys].sum()), int(local[book.buys].sum())
    excess = abs(sold - bought)
    if not excess:
        return
    side = book.buys if bought > sold else ~book.buys
    from_ = movable[side[movable] & (local[movable] > 0)]
    if int(local[from_].sum()) < excess:
        from_ = np.flatnonzero(side & (local > 0))
    cut = apportion(excess, local[from_])
    local[from_] -= cut
    served = book.meets_retailer[from_] & ~(book.firm & book.buys)[from_]
    retailer[from_[served]] += cut[served]
