"""The congested slot as a linear programme on the part of the street that matters, whoever solves it.

maximise  value·q   subject to   M·q = 0,   pairs of q within their caps,   0 ≤ q ≤ upper,
          P = D·q + base + Σ P of the places below,   v = v above − drop·P,   P and v within their bounds

Columns q (kWh) are ways that an order's energy may go (matched, or with its retailer), and what crosses between
feeders. The first row of M balances what neighbours buy and sell; others, where distance has its fee, count
what each feeder and each substation lets out. An order for which both ways are still open has two columns and a
common cap.

P (kW) and v (50 × squared voltage per unit, so about percent) exist only for places between the transformer and
a limit that was found broken; whatever hangs off that path draws where it meets it. So the programme is exact,
sparse, and no larger than what binds. Limits that are no bound of P or v are `cuts`: what the community takes
or gives in all, and tangents of apparent power where orders draw reactive power.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from market.clearing.book import Book, Bools
from market.clearing.wires import Wires
from market.clearing.worth import MEUR, Worth, highest_meur
from market.grid import Bounds, Limit
from market.grid.feeder import Floats, Ints

SCARCITY = 10.0  # a broken limit costs this many times the highest price
NEAR = 24  # so many orders whose better way is least certain get both ways from the start
PERCENT = 50.0


@dataclass(frozen=True, eq=False, slots=True)
class Ways:
    """The columns of q. `order` is −1 for what crosses; `meets` is the column of M that matching means,
    whichever way a column stands for; `shut` is the worth of the way that was left out (nan: none was).
    """

    order: Ints
    matched: Bools
    value: Floats
    upper: Floats
    pairs: Ints
    meets: Floats
    shut: Floats

    @property
    def caps(self) -> Floats:
        """What each pair may carry together, kWh."""
        return np.asarray(self.upper[self.pairs[:, 0]])

    @property
    def balance(self) -> Floats:
        """M: `[row, column]`."""
        return self.meets * (self.matched | (self.order < 0))


@dataclass(frozen=True, eq=False, slots=True)
class Branches:
    """The street as the programme sees it: `places` in preorder, each with the `above` in this list (−1: the
    root).

    `at` is where each column draws (index in `places`, −1: nowhere), `per_kwh` the kW that a kWh draws from
    each of the street's columns, `[column, q]`, `tan_phi` its reactive part. `base_kw` and `base_kvar` are what
    no column moves, `[column, place]`; bounds are kW and percent, `sensitivity` percent per kW drawn at the
    place.
    """

    places: Ints
    above: Ints
    at: Ints
    per_kwh: Floats
    tan_phi: Floats | None
    base_kw: Floats
    base_kvar: Floats | None
    drop_p: Floats
    drop_q: Floats
    source: float
    most_kw: Floats
    low: Floats
    high: Floats
    sensitivity: Floats
    cuts: tuple[Limit, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Programme:
    """The figures of one solve; `start_meur` is a price near the right one.

    Where limits must be passed, a kWh too much of the slot (`kw_per_kwh`) costs `scarcity`, and as much of a
    percent of voltage as a kW at its place makes.
    """

    ways: Ways
    branches: Branches
    scarcity: float
    kw_per_kwh: float
    start_meur: float


@dataclass(frozen=True, eq=False, slots=True)
class Solution:
    """A solver's answer: kWh by column; m€/kWh by row of M; what a kW more would be worth at each bound of P,
    of v (per percent) and cut, positive at the upper one; by how much they stay broken, kW and percent, which
    happens only where nothing else is possible (`soft`).
    """

    q_kwh: Floats
    balance_meur: Floats
    power_meur: Floats
    voltage_meur: Floats
    cut_meur: Floats
    power_over: Floats
    voltage_over: Floats
    cut_over: Floats
    soft: bool


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
    """The zones whose crossing costs something. Half of a step is paid where energy leaves, half where it
    enters.
    """
    rows, cost = [np.empty((0, len(book)))], []
    if any(book.fees.steps):
        feeder = wires.network.feeder
        for zone_of, step in zip(feeder.zones, book.fees.steps, strict=True):
            at = zone_of[feeder.tree.order[wires.places]]
            zones = np.unique(at)
            if step and len(zones) > 1:
                rows.append((at[None] == zones[:, None]).astype(float))
                cost += [step / 2 * MEUR] * len(zones)
    return Zones(np.concatenate(rows), np.array(cost))


def ways(book: Book, worth: Worth, zones: Zones, both: Bools, price: Floats) -> Ways:
    """The columns: `both` orders have two, others the better way at `price` (m€/kWh by order)."""
    firm_buy = book.firm & book.buys
    gap = worth.prefers_matching(book.sign, price)
    two = both & np.isfinite(worth.matched) & np.isfinite(worth.retailer) & ~firm_buy
    way_matched = np.isfinite(worth.matched) & ((gap >= 0) | two | firm_buy)
    way_retailer = np.isfinite(worth.retailer) & ~firm_buy & ((gap < 0) | two)
    first, second = np.flatnonzero(way_matched), np.flatnonzero(way_retailer)
    crossing = np.repeat(zones.cost, 2)
    real = np.concatenate((first, second))
    matched = np.zeros(len(real) + len(crossing), dtype=bool)
    matched[: len(first)] = True
    where = np.full((2, len(book)), -1)
    where[0, first], where[1, second] = np.arange(len(first)), len(first) + np.arange(len(second))
    other = np.concatenate((worth.retailer[first], worth.matched[second]))
    meets = np.zeros((1 + zones.count, len(matched)))
    meets[0, : len(real)] = book.sign[real]
    meets[1:, : len(real)] = (zones.rows * book.sign)[:, real]
    for zone in range(zones.count):
        at = len(real) + 2 * zone
        meets[1 + zone, at : at + 2] = (-1.0, 1.0)
    shut = np.where(np.isfinite(other) & ~two[real] & ~firm_buy[real], other, np.nan)
    return Ways(
        order=np.concatenate((real, np.full(len(crossing), -1))),
        matched=matched,
        value=np.concatenate((worth.matched[first], worth.retailer[second], -crossing)),
        upper=np.concatenate((book.energy_wh[real] / 1e3, np.full(len(crossing), np.inf))),
        pairs=where[:, two].T,
        meets=meets,
        shut=np.concatenate((shut, np.full(len(crossing), np.nan))),
    )


def branches(wires: Wires, bounds: Bounds, limits: Sequence[Limit], ways: Ways) -> Branches:
    """The part of the street between the transformer and these limits, with the columns where they meet it."""
    network, book = wires.network, wires.book
    inside = np.zeros(len(network.end), dtype=bool)
    inside[0] = True
    for limit in limits:
        inside[network.path(limit.place)] = True
    places = np.flatnonzero(inside)
    met = _meeting(network.parent, inside)
    index = np.cumsum(inside) - 1
    above = index[network.parent[places]]
    above[0] = -1
    order = np.maximum(ways.order, 0)
    moves = (ways.order >= 0) & ~(book.firm & book.buys)[order]
    drawn_w, drawn_var = wires.firm_drawn
    kw = wires.w_per_wh * book.sign[order]
    return Branches(
        places=places,
        above=above,
        at=np.where(moves, index[met[wires.places[order]]], -1),
        per_kwh=wires.shares[:, order] * kw,
        tan_phi=None if wires.tangents is None else wires.tangents[order],
        base_kw=_gathered(drawn_w, index[met], len(places)) / 1e3,
        base_kvar=None if drawn_var is None else _gathered(drawn_var, index[met], len(places)) / 1e3,
        drop_p=network.drop_p[:, :, places] * PERCENT * 1e3,
        drop_q=network.drop_q[:, :, places] * PERCENT * 1e3,
        source=network.feeder.slack_pu**2 * PERCENT,
        most_kw=bounds.most_w[:, places] / 1e3,
        low=np.where(network.sensitivity[:, places] > 0, bounds.low_squared[:, places] * PERCENT, -np.inf),
        high=np.where(network.sensitivity[:, places] > 0, bounds.high_squared[:, places] * PERCENT, np.inf),
        sensitivity=network.sensitivity[:, places] * PERCENT * 1e3,
        cuts=tuple(limit for limit in limits if limit.is_cut),
    )


def _meeting(parent: Ints, inside: Bools) -> Ints:
    """Of each place the nearest one inside, itself or above; doubling jumps until all have arrived."""
    met = np.where(inside, np.arange(len(parent)), parent)
    while not inside[met].all():
        met = met[met]
    return met


def _gathered(values: Floats, at: Ints, count: int) -> Floats:
    return np.array([np.bincount(at, row, count) for row in values])


def undecided(worth: Worth, book: Book, price: Floats) -> Bools:
    """Orders whose better way at `price` is least certain."""
    gap = np.abs(worth.prefers_matching(book.sign, price))
    answer = gap <= 2 * MEUR
    if len(gap) > NEAR:
        answer |= gap <= min(float(np.partition(gap, NEAR)[NEAR]), 1e12)
    else:
        answer[:] = True
    return answer


def programme(
    wires: Wires, columns: Ways, bounds: Bounds, limits: Sequence[Limit], start_meur: float
) -> Programme:
    """The programme of these columns inside these limits."""
    scarcity = SCARCITY * highest_meur(wires.book)
    return Programme(columns, branches(wires, bounds, limits, columns), scarcity, wires.w_per_wh, start_meur)
