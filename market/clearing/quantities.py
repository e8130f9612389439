"""Energies without chance: of all optimal clearings at the canonical prices the fairest, in whole Wh.

At those prices every way of every order gains, loses, or is indifferent. What gains flows in full and what
loses not at all, in every optimum. The indifferent ones are grouped by what they are to the programme (side,
worth, rows); groups share what is left as evenly as the limits allow (`evenly.py`), orders in a group by the
community's rule. Energy is conserved to the Wh.
"""

from dataclasses import dataclass

import numpy as np

from market.clearing.apportion import apportion, share
from market.clearing.book import Book, Bools
from market.clearing.programme import Ways
from market.clearing.rows import Rows
from market.grid.feeder import Floats, Ints

EVEN_MEUR = 2e-6  # gains nearer to zero than this are zero; the rewards that settle ties are five times larger
PRICED_MEUR = 1e-6
NEAR_KWH = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Split:
    """Columns by what the prices say: kWh where a gain decides, the group of those that are indifferent (−1:
    decided).

    `switches` are ways to a neighbour of orders that flow in full either way: taking them moves nothing in the
    street.
    """

    q_kwh: Floats
    group: Ints
    switches: Bools


@dataclass(frozen=True, eq=False, slots=True)
class Indifferent:
    """Groups of columns at zero gain: `group` by column (−1: decided), and of each group its row entries and
    energy.

    `rows` has one column a group: the equations of the programme and its priced limits; `left` is what they
    still need from the groups, `spare` what other full limits still have room for (`loose`). `pairs` of groups
    are the two ways of the same orders; together they carry at most `caps`, and at least `least`, which is all
    of it where both gain.
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


def canonical_energies(rows: Rows, duals: Floats, q_kwh: Floats, *, by_place: bool) -> Split:
    """kWh by column at canonical prices, groups included; `q_kwh` is any optimum.

    With prices `by_place`, of those who flow either way whoever has the better price at its place meets neighbours
    first.
    """
    gains = rows.gains(duals)
    decided, open_, switches = _decide(rows.ways, gains)
    columns = np.flatnonzero(open_)
    entries = rows.entries(columns)
    entries[rows.equal :] *= ~switches[columns]
    owed = np.zeros(len(gains))
    if by_place and switches.any():
        owed[switches] = rows.flow_cost(duals)[rows.ways.order[switches]].round(6)
    group = _grouped(rows, columns, entries, switches, owed)
    problem = _indifferent(rows, (duals, gains), decided, (columns, entries), group)
    if len(problem.energy_kwh):
        first = np.array([int(np.argmax(group == number)) for number in range(len(problem.energy_kwh))])
        totals, upper = _level(problem, q_kwh, owed[first]), rows.ways.upper
        fractions = totals / np.maximum(problem.energy_kwh, 1e-12)
        bounded, crossing = (group >= 0) & np.isfinite(upper), (group >= 0) & ~np.isfinite(upper)
        decided[bounded] = fractions[group[bounded]] * upper[bounded]
        decided[crossing] = totals[group[crossing]]
    return Split(decided, group, switches)


def _decide(ways: Ways, gains: Floats) -> tuple[Floats, Bools, Bools]:
    """kWh of columns whose gain decides, which columns are indifferent, and which of those are switches."""
    open_ = np.abs(gains) <= EVEN_MEUR
    q = np.where(gains > EVEN_MEUR, ways.upper, 0.0)
    one, other = ways.pairs.T
    level = np.abs(gains[one] - gains[other]) <= EVEN_MEUR
    worse = np.where(gains[one] > gains[other], other, one)
    q[worse[~level]] = 0.0
    open_[worse[~level]] = False
    both = level & (gains[one] > EVEN_MEUR)
    switches = np.zeros(len(q), dtype=bool)
    switches[one[both]] = open_[one[both]] = True  # a pair names the way to a neighbour first
    open_[other[both]] = False
    q[open_] = 0.0
    return q, open_, switches


def _grouped(rows: Rows, columns: Ints, entries: Floats, switches: Bools, owed: Floats) -> Ints:
    """Indifferent columns whose orders are alike to the programme in both their ways, numbered by group."""
    ways = rows.ways
    group = np.full(len(ways.order), -1)
    if not len(columns):
        return group
    other_way = np.zeros((2, len(group)))  # worth of the other way, and whether it is open too
    pairs = ways.pairs[(~switches[ways.pairs]).all(axis=1)]
    other_way[0, pairs] = ways.value[pairs[:, ::-1]]
    other_way[1, pairs] = 1.0
    worth = np.where(switches, 0.0, ways.value)
    own = np.concatenate((ways.meets, [worth, ways.matched, switches, owed], other_way))[:, columns]
    alike = np.concatenate((entries, own)).T.round(9) + 0.0
    # Two sums with fixed weights tell groups apart far faster than comparing whole rows.
    weights = np.sin(np.arange(1, alike.shape[1] + 1))
    keys = np.column_stack((alike @ weights, alike @ np.roll(weights, 1))).round(6)
    _, numbers = np.unique(keys[:, 0] + 1j * keys[:, 1], return_inverse=True)
    group[columns] = numbers.ravel()
    return group


def _indifferent(
    rows: Rows, prices: tuple[Floats, Floats], decided: Floats, open_: tuple[Ints, Floats], group: Ints
) -> Indifferent:
    equal, ways, (duals, gains) = rows.equal, rows.ways, prices
    priced = np.concatenate((np.ones(equal, dtype=bool), duals[equal:] > PRICED_MEUR))
    flowing = np.flatnonzero(decided > 0)
    taken = _taken(rows, decided, flowing)
    left = np.concatenate((np.zeros(equal), rows.room_kwh)) - taken
    count = int(group.max(initial=-1)) + 1
    columns, entries = open_
    first = np.zeros(count, dtype=np.int64)
    first[group[columns][::-1]] = np.arange(len(columns))[::-1]
    asked = np.where(np.isfinite(ways.upper), ways.upper, 0.0)
    energy: Floats = np.bincount(group[columns], asked[columns], count).astype(float)
    entries = entries[:, first]
    pairs = _group_pairs(ways, group, gains)
    return Indifferent(
        group, energy, entries[priced], left[priced], entries[~priced], left[~priced], *pairs
    )  # fmt: skip


def _taken(rows: Rows, q_kwh: Floats, flowing: Ints) -> Floats:
    """What decided columns take of each row."""
    wires, ways = rows.wires, rows.ways
    balance = ways.balance[:, flowing] @ q_kwh[flowing]
    if not rows.limits:
        return np.asarray(balance)
    book = wires.book
    real = ways.order >= 0
    flow = np.bincount(ways.order[real], q_kwh[real] * 1e3, len(book))
    moved = wires.flow(np.where(book.firm & book.buys, book.energy_wh, flow))
    base = wires.firm_flow
    used = [limit.used(wires.network, moved) - limit.used(wires.network, base) for limit in rows.limits]
    return np.concatenate((balance, np.array(used) / wires.w_per_wh / 1e3))


def _group_pairs(ways: Ways, group: Ints, gains: Floats) -> tuple[Ints, Floats, Floats]:
    """Pairs of groups of which orders take one way or the other, and what they carry together at most and
    least.
    """
    both = (group[ways.pairs] >= 0).all(axis=1)
    together, numbers = np.unique(group[ways.pairs[both]], axis=0, return_inverse=True)
    caps: Floats = np.bincount(numbers.ravel(), ways.caps[both], len(together)).astype(float)
    gain = np.bincount(numbers.ravel(), (gains[ways.pairs[both]] > EVEN_MEUR).all(axis=1), len(together))
    return together.reshape(-1, 2), caps, np.where(gain > 0, caps, 0.0)


def _level(problem: Indifferent, found_kwh: Floats, owed: Floats) -> Floats:
    """kWh of each group, who owes the limits least first. Where they could not be shared, as the solver left
    them.
    """
    count = len(problem.energy_kwh)
    most = np.where(problem.energy_kwh > 0, problem.energy_kwh, np.inf)
    if not len(problem.pairs) and count <= len(problem.rows):
        exact, _, rank, _ = np.linalg.lstsq(problem.rows, problem.left, rcond=None)
        if rank == count and np.all(exact >= -NEAR_KWH) and np.all(exact <= most + NEAR_KWH):
            return np.asarray(np.clip(exact, 0.0, most))
    from market.clearing.evenly import NotShared, evenly

    pairs = problem.pairs, problem.least, problem.caps
    try:
        return evenly(
            problem.energy_kwh, (problem.rows, problem.left), (problem.loose, problem.spare), pairs, owed
        )
    except NotShared:
        of_group = problem.group >= 0
        return np.bincount(problem.group[of_group], found_kwh[of_group], count).astype(float)


def whole(book: Book, ways: Ways, split: Split, rule: str) -> tuple[Ints, Ints]:
    """(matched, with the retailer) in whole Wh by order, both sides of the matching equal."""
    real = ways.order >= 0
    order, matched = ways.order[real], ways.matched[real]
    q_wh, number = split.q_kwh[real] * 1e3, split.group[real]
    energy = np.where(number < 0, np.rint(q_wh), 0).astype(np.int64)
    switched = order[split.switches[real]]
    local, retailer = np.zeros((2, len(book)), dtype=np.int64)
    local[order[matched]] = energy[matched]
    retailer[order[~matched]] = energy[~matched]
    retailer[switched] = 0
    _share_groups(book, (order, matched, q_wh, number), rule, local, retailer)
    retailer[switched] = book.energy_wh[switched] - local[switched]
    _balance(book, local, retailer, order[matched & (number >= 0)])
    return local, retailer


def _share_groups(
    book: Book, columns: tuple[Ints, Bools, Floats, Ints], rule: str, local: Ints, retailer: Ints
) -> None:
    """Whole Wh inside each indifferent group, by the rule; what both ways took stays within the order."""
    order, matched, q_wh, number = columns
    members = np.flatnonzero(number >= 0)
    members = members[np.argsort(number[members], kind="stable")]
    for group in np.split(members, np.flatnonzero(np.diff(number[members])) + 1):
        if not len(group):
            continue
        orders, way = order[group], local if matched[group[0]] else retailer
        room = book.energy_wh[orders] - (local[orders] + retailer[orders])
        total = min(int(q_wh[group].sum() + 0.01), int(room.sum()))
        if len(group) == 1:
            way[orders] += total
            continue
        way[orders] += np.minimum(share(rule, total, room, book.priority[orders]), room)


def _balance(book: Book, local: Ints, retailer: Ints, movable: Ints) -> None:
    """Take the last Wh back where rounding left one side larger; a firm sale gives them to its retailer."""
    sold, bought = int(local[~book.buys].sum()), int(local[book.buys].sum())
    excess = abs(sold - bought)
    if not excess:
        return
    side = book.buys if bought > sold else ~book.buys
    from_ = np.unique(movable[side[movable] & (local[movable] > 0)])
    if int(local[from_].sum()) < excess:
        from_ = np.flatnonzero(side & (local > 0))
    cut = apportion(excess, local[from_])
    local[from_] -= cut
    served = book.meets_retailer[from_] & ~(book.firm & book.buys)[from_]
    retailer[from_[served]] += cut[served]
