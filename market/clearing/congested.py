"""The clearing where limits of the street bind: a small programme, its rows and second ways made on demand.

Solved, the flows are swept over the tree; limits that break become rows, and it is solved again until none does.
Then prices and energies are brought to their canonical form, so that the answer depends on the book alone.
Each order has one way (neighbour or retailer) until the prices say that the other might be better.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from market.clearing.book import Book, Bools
from market.clearing.face import canonical_duals
from market.clearing.programme import PERCENT, Programme, Solution, Ways, Zones, programme, undecided, ways
from market.clearing.quantities import EVEN_MEUR, PRICED_MEUR, canonical_energies, whole
from market.clearing.rows import Rows, rows_of
from market.clearing.wires import Wires
from market.clearing.worth import MEUR, Worth, worth
from market.grid import Bounds, Flow, Limit, broken, tight
from market.grid.feeder import Floats, Ints

MOST_ROUNDS = 60
BROKEN_KWH = 1e-3  # a limit that stays broken by less is an artefact of rounding

Solve = Callable[[Programme], Solution]


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """Matched and flowing Wh by order; the limits that were looked at with their prices; the emergency.

    Prices are µ€/kWh, not rounded: `energy_ueur_kwh` at the transformer, `zone_ueur_kwh` what each order's
    feeder and substation add, `shadow_ueur_kwh` of each limit. `forced_ueur_kwh` is the one price for whose
    sake orders are barred.
    """

    local_wh: Ints
    flow_wh: Ints
    barred: Bools
    energy_ueur_kwh: float | None = None
    zone_ueur_kwh: Floats | None = None
    limits: tuple[Limit, ...] = ()
    shadow_ueur_kwh: tuple[float, ...] = ()
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
    by_place: bool = False

    @property
    def book(self) -> Book:
        """The orders."""
        return self.wires.book


@dataclass(frozen=True, eq=False, slots=True)
class Optimum:
    """A solved programme in which nothing breaks any more: its full limits, canonical prices and any optimal q."""

    rows: Rows
    q_kwh: Floats
    over_kwh: Floats
    duals_meur: Floats
    barred: Bools

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits that are full."""
        return self.rows.limits

    @property
    def emergency(self) -> bool:
        """Whether firm energy alone breaks a limit."""
        return bool(np.any(self.over_kwh > BROKEN_KWH))

    @property
    def energy_ueur_kwh(self) -> float:
        """The price of energy at the transformer."""
        return float(self.duals_meur[0]) / MEUR

    def certain_matches(self) -> Ints:
        """Orders that meet neighbours in every optimum, in part at least."""
        ways, gains = self.rows.ways, self.rows.gains(self.duals_meur)
        sure = ways.matched & (gains > EVEN_MEUR)
        one, other = ways.pairs.T
        sure[one] &= gains[one] > gains[other] + EVEN_MEUR
        return np.asarray(ways.order[sure])


def zone_part(market: Market, best: Optimum) -> Floats:
    """What each order's feeder and substation add to its price, µ€/kWh, not rounded."""
    zones = market.zones
    return np.asarray(zones.rows.T @ best.duals_meur[1 : 1 + zones.count]) / MEUR


def optimum(
    market: Market, bounds: Bounds, first: Sequence[Limit], price_ueur_kwh: float, barred: Bools
) -> Optimum:
    """The best clearing inside every limit, from limits known to break and a price near the right one.

    Orders in `barred` may not trade with neighbours (they keep their retailer). Limits that firm energy alone
    breaks are kept as well as can be. Raises ArithmeticError if the solver fails.
    """
    book, wires = market.book, market.wires
    values = worth(book, barred)
    prices = np.full(len(book), price_ueur_kwh * MEUR)
    both = undecided(values, book, prices)
    limits = list(first)
    for _ in range(MOST_ROUNDS):
        columns = ways(book, values, market.zones, both, prices)
        problem = programme(wires, columns, bounds, limits, float(np.mean(prices)))
        found = market.solve(problem)
        wrong = _wrong_ways(market, values, columns, found.balance_meur, both)
        if wrong.any():
            both |= wrong
            prices = _prices(market, found.balance_meur)
            continue
        flow = wires.flow(_flow_wh(columns, found.q_kwh, book))
        new = _not_among(problem, broken(wires.network, bounds, flow), limits)
        if not new:
            return _settled(wires, bounds, problem, found, flow, barred)
        limits += new
    raise ArithmeticError("The limits of the street could not be brought together.")


def _settled(
    wires: Wires, bounds: Bounds, problem: Programme, found: Solution, flow: Flow, barred: Bools
) -> Optimum:
    """The optimum behind a solution, with canonical prices."""
    network, branches = wires.network, problem.branches
    full = tight(network, bounds, flow, branches.cuts)
    places, kwh = branches.places.tolist(), 1 / wires.w_per_wh
    at = {place: i for i, place in enumerate(places)}
    cuts = {limit.identity: i for i, limit in enumerate(branches.cuts)}
    kept, start, over = [], [], []
    for limit in full:
        if limit.place not in at:
            continue  # full by chance, outside what the programme had to look at
        where = limit.column, at[limit.place]
        if limit.identity in cuts:
            price, passed = found.cut_meur[cuts[limit.identity]], found.cut_over[cuts[limit.identity]]
        elif limit.kind.startswith("voltage"):
            percent_kw = PERCENT * 1e3 * limit.scale
            price = -limit.side * found.voltage_meur[where] * percent_kw
            passed = -limit.side * found.voltage_over[where] / percent_kw
        else:
            price, passed = limit.side * found.power_meur[where], limit.side * found.power_over[where]
        kept.append(limit)
        start.append(max(float(price), 0.0) * wires.w_per_wh)
        over.append(max(float(passed), 0.0) * kwh)
    over_kwh = np.array(over)
    rows = rows_of(wires, problem.ways, kept, over_kwh)
    duals = np.concatenate((found.balance_meur, start))
    dearest = problem.scarcity if found.soft else np.inf
    duals = canonical_duals(rows, found.q_kwh, over_kwh, duals, dearest)
    return Optimum(rows, found.q_kwh, over_kwh, duals, barred)


def clear_inside(market: Market, bounds: Bounds, best: Optimum) -> Answer:
    """An optimum in whole Wh, fairly shared inside every limit.

    Limits without a price are left out first: which of them the solver came to hold is chance, and would show in
    the last Wh. The solver's own energies keep all limits, so where a fairer share breaks one that had no price,
    it only has to be looked at when sharing.
    """
    wires, network = market.wires, market.wires.network
    best = _priced_only(market, best)
    for _ in range(MOST_ROUNDS):
        answer = in_whole_wh(market, best)
        found = broken(network, bounds, market.wires.flow(answer.flow_wh))
        known = {limit.identity for limit in best.limits}
        new = [limit for limit in found if limit.identity not in known]
        if not new:
            return answer
        over = np.append(best.over_kwh, np.zeros(len(new)))
        best = replace(
            best,
            rows=rows_of(wires, best.rows.ways, [*best.limits, *new], over),
            over_kwh=over,
            duals_meur=np.append(best.duals_meur, np.zeros(len(new))),
        )
    raise ArithmeticError("The limits of the street could not be brought together.")


def _priced_only(market: Market, best: Optimum) -> Optimum:
    """The optimum with those of its limits that have a price, or that firm energy breaks."""
    first = len(best.duals_meur) - len(best.limits)
    kept = (best.duals_meur[first:] > PRICED_MEUR) | (best.over_kwh > BROKEN_KWH)
    if kept.all():
        return best
    limits = [limit for limit, held in zip(best.limits, kept.tolist(), strict=True) if held]
    return replace(
        best,
        rows=rows_of(market.wires, best.rows.ways, limits, best.over_kwh[kept]),
        over_kwh=best.over_kwh[kept],
        duals_meur=np.concatenate((best.duals_meur[:first], best.duals_meur[first:][kept])),
    )


def _prices(market: Market, balance_meur: Floats) -> Floats:
    """What a kWh matched costs each order (m€): the energy, and what its feeder and substation add."""
    return np.asarray(balance_meur[0] + market.zones.rows.T @ balance_meur[1:])


def _wrong_ways(market: Market, values: Worth, columns: Ways, balance_meur: Floats, both: Bools) -> Bools:
    """Orders held to one way although the other is better at these prices."""
    book = market.book
    gap = values.prefers_matching(book.sign, _prices(market, balance_meur))
    one_way = np.isfinite(columns.shut)
    order, matched = columns.order[one_way], columns.matched[one_way]
    wrong = np.zeros(len(book), dtype=bool)
    wrong[order] = np.where(matched, gap[order] < -EVEN_MEUR, gap[order] > EVEN_MEUR)
    return wrong & ~both


def _flow_wh(columns: Ways, q_kwh: Floats, book: Book) -> Floats:
    """Flowing Wh by order; what firm purchases match flows anyway and is not counted twice."""
    real = columns.order >= 0
    flow = np.bincount(columns.order[real], q_kwh[real] * 1e3, len(book))
    return np.where(book.firm & book.buys, book.energy_wh, flow)


def _not_among(problem: Programme, found: Sequence[Limit], known: Sequence[Limit]) -> list[Limit]:
    """Limits that the programme does not hold yet: places that it does not reach, cuts that it has not made."""
    cuts = {limit.identity for limit in known}
    places = set(problem.branches.places.tolist())
    return [limit for limit in found if limit.identity not in cuts and (limit.is_cut or limit.place not in places)]


def in_whole_wh(market: Market, best: Optimum) -> Answer:
    """The canonical energies of an optimum."""
    book, rows = market.book, best.rows
    split = canonical_energies(rows, best.duals_meur, best.q_kwh, by_place=market.by_place)
    local, retailer = whole(book, rows.ways, split, market.rule)
    retailer = np.where(book.firm & book.buys, book.energy_wh - local, retailer)
    return Answer(
        local,
        local + retailer,
        best.barred,
        best.energy_ueur_kwh,
        zone_part(market, best),
        best.limits,
        tuple((best.duals_meur[rows.equal :] / MEUR).tolist()),
        emergency=best.emergency,
    )
