"""The clearing where limits of the street bind: a small programme, its rows and second ways made on demand.

Solved, the flows are swept over the tree; limits that break become rows, and it is solved again until none does.
Then prices and energies are brought to their canonical form, so that the answer depends on the book alone.
Each order has one way (neighbour or retailer) until the prices say that the other might be better.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from market.clearing.book import Book, Bools
from market.clearing.face import canonical_duals
from market.clearing.programme import Programme, Solution, Zones, programme, undecided
from market.clearing.quantities import EVEN_MEUR, canonical_energies, whole
from market.clearing.wires import Wires
from market.clearing.worth import MEUR, Worth, worth
from market.grid import Bounds, Limit, broken
from market.grid.feeder import Floats, Ints

MOST_ROUNDS = 60
BROKEN_KWH = 1e-3  # a limit that stays broken by less is an artefact of rounding

Solve = Callable[[Programme], Solution]


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """Matched and flowing Wh by order; the limits that were looked at with their prices; the emergency.

    Prices are µ€/kWh, not rounded: `energy_ueur_kwh` at the transformer, `zone_ueur_kwh` what each order's feeder and
    substation add, `shadow_ueur_kwh` of each limit, `usage` what a Wh of each order's flow adds to it. `forced_ueur_kwh`
    is the one price for whose sake orders are barred.
    """

    local_wh: Ints
    flow_wh: Ints
    barred: Bools
    energy_ueur_kwh: float | None = None
    zone_ueur_kwh: Floats | None = None
    limits: tuple[Limit, ...] = ()
    shadow_ueur_kwh: tuple[float, ...] = ()
    usage: Floats | None = None
    emergency: bool = False
    forced_ueur_kwh: int | None = None
    compensated: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Market:
    """What stays the same over the rounds of one slot: orders on their network, zones with a fee, rule, solver."""

    wires: Wires
    zones: Zones
    rule: str
    solve: Solve

    @property
    def book(self) -> Book:
        """The orders."""
        return self.wires.book


@dataclass(frozen=True, eq=False, slots=True)
class Optimum:
    """A programme in which nothing breaks any more, its solution and its canonical prices."""

    problem: Programme
    found: Solution
    duals_meur: Floats
    limits: tuple[Limit, ...]
    barred: Bools

    @property
    def emergency(self) -> bool:
        """Whether firm energy alone breaks a limit."""
        return bool(np.any(self.found.broken_kwh > BROKEN_KWH))

    @property
    def energy_ueur_kwh(self) -> float:
        """The price of energy at the transformer."""
        return float(self.duals_meur[0]) / MEUR

    def certain_matches(self) -> Ints:
        """Orders that meet neighbours in every optimum, in part at least."""
        problem = self.problem
        gains = problem.value - problem.rows.T @ self.duals_meur
        sure = problem.matched & (gains > EVEN_MEUR)
        if len(problem.pairs):
            one, other = problem.pairs.T
            sure[one] &= gains[one] > gains[other] + EVEN_MEUR
        return np.asarray(problem.order[sure])


def zone_part(market: "Market", best: Optimum) -> Floats:
    """What each order's feeder and substation add to its price, µ€/kWh, not rounded."""
    zones = market.zones
    return np.asarray(zones.rows.T @ best.duals_meur[1 : 1 + zones.count]) / MEUR


def optimum(
    market: Market, bounds: Bounds, first: Sequence[Limit], price_ueur_kwh: float, barred: Bools
) -> Optimum:
    """The best clearing inside every limit, from limits known to break and a price near the right one.

    Orders in `barred` may not trade with neighbours (they keep their retailer). Limits that firm energy alone breaks
    are kept as well as can be. Raises ArithmeticError if the solver fails.
    """
    book, wires = market.book, market.wires
    values = worth(book, barred)
    prices = np.full(len(book), price_ueur_kwh * MEUR)
    both = undecided(values, book, prices)
    fixed = np.where(book.firm & book.buys, book.energy_wh, 0)
    base = wires.flow(fixed)
    rows = list(first)
    for _ in range(MOST_ROUNDS):
        problem = programme(wires, values, market.zones, rows, base, both, prices)
        found = market.solve(problem)
        wrong = _wrong_ways(market, values, problem, found.duals_meur, both)
        if wrong.any():
            both |= wrong
            prices = _prices(market, found.duals_meur)
            continue
        new = _new_limits(market, bounds, rows, fixed + _flow_wh(problem, found.q_kwh, book))
        if not new:
            return Optimum(problem, found, canonical_duals(problem, found), tuple(rows), barred)
        rows += new
    raise ArithmeticError("The limits of the street could not be brought together.")


def clear_inside(market: Market, bounds: Bounds, best: Optimum) -> Answer:
    """An optimum in whole Wh, fairly shared; the limits that this would break are looked at, too."""
    for _ in range(MOST_ROUNDS):
        answer = in_whole_wh(market, best)
        new = _new_limits(market, bounds, best.limits, answer.flow_wh)
        if not new:
            return answer
        best = optimum(market, bounds, [*best.limits, *new], best.energy_ueur_kwh, best.barred)
    raise ArithmeticError("The limits of the street could not be brought together.")


def _prices(market: Market, duals_meur: Floats) -> Floats:
    """What a kWh matched costs each order (m€): the energy, and what its feeder and substation add."""
    zones = market.zones
    return np.asarray(duals_meur[0] + zones.rows.T @ duals_meur[1 : 1 + zones.count])


def _wrong_ways(market: Market, values: Worth, problem: Programme, duals_meur: Floats, both: Bools) -> Bools:
    """Orders held to one way although the other is better at these prices."""
    book = market.book
    gap = values.prefers_matching(book.sign, _prices(market, duals_meur))
    possible = np.isfinite(values.matched) & np.isfinite(values.retailer) & ~(book.firm & book.buys) & ~both
    has = np.zeros((2, len(book)), dtype=bool)
    real = problem.order >= 0
    has[0, problem.order[real & problem.matched]] = True
    has[1, problem.order[real & ~problem.matched]] = True
    return possible & ((has[0] & (gap < -EVEN_MEUR)) | (has[1] & (gap > EVEN_MEUR)))


def _flow_wh(problem: Programme, q_kwh: Floats, book: Book) -> Floats:
    """Flowing Wh by order; what firm purchases match flows anyway and is not counted twice."""
    real = problem.order >= 0
    flow = np.bincount(problem.order[real], q_kwh[real] * 1e3, len(book))
    return np.where(book.firm & book.buys, 0.0, flow)


def _new_limits(market: Market, bounds: Bounds, rows: Sequence[Limit], flow_wh: Floats | Ints) -> list[Limit]:
    known = {row.identity for row in rows}
    flow = market.wires.flow(flow_wh)
    return [limit for limit in broken(market.wires.network, bounds, flow) if limit.identity not in known]


def in_whole_wh(market: Market, best: Optimum) -> Answer:
    """The canonical energies of an optimum."""
    book, problem = market.book, best.problem
    energies, indifferent = canonical_energies(problem, best.duals_meur, best.found)
    local, retailer = whole(book, problem, energies, indifferent.group, market.rule)
    retailer = np.where(book.firm & book.buys, book.energy_wh - local, retailer)
    prices = best.duals_meur / MEUR
    return Answer(
        local,
        local + retailer,
        best.barred,
        best.energy_ueur_kwh,
        zone_part(market, best),
        best.limits,
        tuple(prices[problem.equal :].tolist()),
        market.wires.rows(best.limits),
        emergency=best.emergency,
    )
