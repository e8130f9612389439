"""The congested slot as a small linear programme, whoever solves it.

maximise  v·q − scarcity·s   subject to   M·q = 0,   A·q ≤ room + s,   Σ of each pair ≤ cap,   0 ≤ q ≤ upper,   s ≥ 0

Columns q (kWh) are ways that an order's energy may go (matched, or with its retailer), and what crosses between
feeders. The first row of M balances what neighbours buy and sell; others, where distance has its fee, count what each
feeder and each substation lets out. A holds the limits of the street that were found broken. An order for which both
ways are still open has two columns and a common cap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from market.clearing.book import Book, Bools
from market.clearing.wires import Wires
from market.clearing.worth import MEUR, Worth, highest_meur
from market.grid import Flow, Limit
from market.grid.feeder import Floats, Ints

SCARCITY = 10.0  # a broken limit costs this many times the highest price
NEAR = 24  # so many orders whose better way is least certain get both ways from the start


@dataclass(frozen=True, eq=False, slots=True)
class Programme:
    """The figures of one solve. `order` is −1 for what crosses; `rows` has the rows of M first (`equal` of them).

    `meets` is the column of M that matching an order's energy means, whichever way its column stands for; `shut` is
    the worth of the way that was left out (nan: none was).
    """

    order: Ints
    matched: Bools
    value: Floats
    upper: Floats
    rows: Floats
    equal: int
    room: Floats
    pairs: Ints
    scarcity: float
    meets: Floats
    shut: Floats

    @property
    def caps(self) -> Floats:
        """What each pair may carry together, kWh."""
        return np.asarray(self.upper[self.pairs[:, 0]])


@dataclass(frozen=True, eq=False, slots=True)
class Solution:
    """A solver's answer: kWh by column, m€/kWh by row (M first), and by how many kWh limits stay broken."""

    q_kwh: Floats
    duals_meur: Floats
    broken_kwh: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Zones:
    """Rows that count what leaves a feeder or substation: by order its row, or none; the cost of a kWh, m€."""

    rows: Floats
    cost: Floats

    @property
    def count(self) -> int:
        """How many zones have a fee of their own."""
        return len(self.cost)


def zones_of(book: Book, wires: Wires) -> Zones:
    """The zones whose crossing costs something. Half of a step is paid where energy leaves, half where it enters."""
    feeder = wires.network.feeder
    rows, cost = [np.empty((0, len(book)))], []
    for zone_of, step in zip(feeder.zones, book.fees.steps, strict=True):
        at = zone_of[feeder.tree.order[wires.places]]
        zones = np.unique(at)
        if step and len(zones) > 1:
            rows.append((at[None] == zones[:, None]).astype(float))
            cost += [step / 2 * MEUR] * len(zones)
    return Zones(np.concatenate(rows), np.array(cost))


def programme(
    wires: Wires, worth: Worth, zones: Zones, limits: Sequence[Limit], base: Flow, both: Bools, price: Floats
) -> Programme:
    """The programme of these limits. `both` orders have two columns, others the better way at `price` (m€/kWh).

    `base` is the flow of what no column moves.
    """
    book = wires.book
    gap = worth.prefers_matching(book.sign, price)
    open_both = np.isfinite(worth.matched) & np.isfinite(worth.retailer) & ~(book.firm & book.buys)
    two = both & open_both
    way_matched = np.isfinite(worth.matched) & ((gap >= 0) | two | (book.firm & book.buys))
    way_retailer = np.isfinite(worth.retailer) & ~(book.firm & book.buys) & ((gap < 0) | two)
    first, second = np.flatnonzero(way_matched), np.flatnonzero(way_retailer)
    crossing = np.repeat(zones.cost, 2)
    order = np.concatenate((first, second, np.full(len(crossing), -1)))
    matched = np.zeros(len(order), dtype=bool)
    matched[: len(first)] = True
    real = order[: len(first) + len(second)]
    where = np.full((2, len(book)), -1)
    where[0, first], where[1, second] = np.arange(len(first)), len(first) + np.arange(len(second))
    network_rows = wires.rows(limits)[:, real]
    network_rows[:, : len(first)] *= ~(book.firm & book.buys)[first]
    meets = (np.concatenate((np.ones((1, len(book))), zones.rows)) * book.sign)[:, real]
    other = np.concatenate((worth.retailer[first], worth.matched[second]))
    shut = np.where(np.isfinite(other) & ~two[real] & ~(book.firm & book.buys)[real], other, np.nan)
    beyond = np.zeros((1 + zones.count + len(limits), len(crossing)))
    for zone in range(zones.count):
        beyond[1 + zone, 2 * zone : 2 * zone + 2] = (-1.0, 1.0)
    return Programme(
        order=order,
        matched=matched,
        value=np.concatenate((worth.matched[first], worth.retailer[second], -crossing)),
        upper=np.concatenate((book.energy_wh[real] / 1e3, np.full(len(crossing), np.inf))),
        rows=np.concatenate((np.concatenate((meets * matched[: len(real)], network_rows)), beyond), axis=1),
        equal=1 + zones.count,
        room=np.array([limit.most - limit.used(wires.network, base) for limit in limits]) / wires.w_per_wh / 1e3,
        pairs=where[:, two].T,
        scarcity=SCARCITY * highest_meur(book),
        meets=np.concatenate((meets, np.zeros((1 + zones.count, len(crossing)))), axis=1),
        shut=np.concatenate((shut, np.full(len(crossing), np.nan))),
    )


def undecided(worth: Worth, book: Book, price: Floats) -> Bools:
    """Orders whose better way at `price` is least certain."""
    gap = np.abs(worth.prefers_matching(book.sign, price))
    answer = gap <= 2 * MEUR
    if len(gap) > NEAR:
        answer |= gap <= min(float(np.partition(gap, NEAR)[NEAR]), 1e12)
    else:
        answer[:] = True
    return answer
