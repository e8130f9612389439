"""Clearing one slot: most welfare inside the street's limits, shared fairly, at prices by a named rule."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from market.clearing import price
from market.clearing.apportion import RULES as FAIRNESS
from market.clearing.book import Book, Rules
from market.clearing.congested import Answer, Market, Optimum, Solve, clear_inside, optimum, zone_part
from market.clearing.locational import Unfunded, by_place, funded, parts_of, within_limits, zone_prices
from market.clearing.merit import uncongested
from market.clearing.outcome import Clearing
from market.clearing.programme import Programme, Solution, zones_of
from market.clearing.report import Checked, report
from market.clearing.wires import wires
from market.grid import (
    Bounds,
    Feeder,
    Flow,
    Limit,
    Moved,
    VoltageCollapse,
    bounds_of,
    broken,
    margins,
    moved_by_ac,
    sweep,
)
from market.grid.feeder import Ints
from market.grid.flow import by_node
from market.grid.limits import restated

# One is nearly always enough: the error hardly changes when the market gives way by a few W.
MOST_RECLEARS = 4


# Barring orders moves the prices of distance a little; without such prices once is enough.
MOST_BARRINGS = 6


def clear(book: Book, feeder: Feeder, rules: Rules, solve: Solve | None = None) -> Clearing:
    """Match a slot's orders. The same book in any order gives the same answer, by whichever `solve`.

    First in merit order, whole numbers only; if that breaks no limit it is the optimum. Otherwise the linear
    programme decides, and AC power flow has the last word. A price rule with one price for all takes the best
    clearing that its price can support where the optimum inside the limits would need several.
    Raises ValueError for a rule that does not exist, ArithmeticError if the solver finds no answer.
    """
    for rule, known in ((rules.price, price.RULES), (rules.fairness, FAIRNESS)):
        if rule not in known:
            raise ValueError(f"Unknown rule {rule}; there are {', '.join(known)}.")
    local, flow = uncongested(book, rules.fairness)
    on = wires(book, feeder)
    market = Market(on, zones_of(book, on), rules.fairness, solve or _simplex, rules.price == "locational")
    free = Answer(local, flow, np.zeros(len(book), dtype=bool))
    bounds = bounds_of(on.network, book.import_limit_w, book.export_limit_w)
    linear = on.flow(flow)
    first = broken(on.network, bounds, linear)
    answer = free
    if len(book) and (first or market.zones.count):
        answer = _supported(market, bounds, first, free, rules)
        linear = on.flow(answer.flow_wh)
    checked = _kept_under_ac(market, bounds, answer, linear, free, rules)
    return report(market.zones, on, bounds, rules, free, checked)


def _simplex(programme: Programme) -> Solution:
    """Imported when first needed: web processes have no solver."""
    from market.clearing.simplex import solve

    return solve(programme)


def _kept_under_ac(
    market: Market, bounds: Bounds, answer: Answer, linear: Flow, free: Answer, rules: Rules
) -> Checked:
    """`answer`, or the clearing that keeps the street's limits under AC power flow too.

    What the linear flow got wrong at a broken limit moves that limit, and the market is asked again. Where firm
    energy alone breaks it, or no clearing keeps it, that is an emergency.
    """
    on = market.wires
    moved: list[Moved] = []
    reclears = 0
    while True:
        try:
            exact = sweep(on.network, *on.drawn(answer.flow_wh), start=linear)
        except VoltageCollapse:  # no state carries what is firm, so there is none to state
            return Checked(replace(answer, emergency=True), reclears, tuple(moved), None, None)
        news = moved_by_ac(on.network, bounds, linear, exact)
        if not news or answer.emergency or reclears == MOST_RECLEARS:
            answer = replace(answer, emergency=answer.emergency or bool(news))
            volts = by_node(on.network.feeder, exact.phasors_v)
            return Checked(answer, reclears, tuple(moved), margins(on.network, exact), volts)
        moved += news
        known = [restated(on.network, bounds, limit) for limit in answer.limits]
        new = [limit for limit in broken(on.network, bounds, linear) if not any(map(limit.resembles, known))]
        answer = _supported(market, bounds, [*known, *new], free, rules)
        linear = on.flow(answer.flow_wh)
        reclears += 1


def _supported(market: Market, bounds: Bounds, limits: Sequence[Limit], free: Answer, rules: Rules) -> Answer:
    """The best clearing inside the limits, or the best that its own energy price can support for everybody."""
    book = market.book
    best = optimum(market, bounds, limits, _near(book, free.local_wh), free.barred)
    if best.emergency or rules.price == "locational" or not _contradicts(market, best):
        answer = clear_inside(market, bounds, best)
        if _served(market, answer, rules):
            return answer
        needed = replace(answer, forced_ueur_kwh=_level(best), compensated=True)
        if best.emergency and _fundable(book, needed):
            return needed  # the street needs whoever can relieve it
    return _barred(market, bounds, best, rules)


def _barred(market: Market, bounds: Bounds, best: Optimum, rules: Rules) -> Answer:
    """The best clearing at the energy price of `best`, without the orders that this price does not suit."""
    book, level = market.book, _level(best)
    distance = zone_prices(book, zone_part(market, best))
    barred, last = best.barred, best
    for _ in range(MOST_BARRINGS):
        barred = barred | (book.sign * (book.asked_ueur_kwh - distance - level) < 0)
        last = optimum(market, bounds, last.limits, level, barred)
        if last.emergency and not best.emergency:
            needed = replace(clear_inside(market, bounds, best), forced_ueur_kwh=level, compensated=True)
            if _fundable(book, needed):
                return needed
        answer = replace(clear_inside(market, bounds, last), forced_ueur_kwh=level)
        if _served(market, answer, rules):
            return answer
        distance = zone_prices(book, answer.zone_ueur_kwh)
    raise ArithmeticError("No price supports a clearing inside the street's limits.")


def _level(best: Optimum) -> int:
    """The energy price, whole µ€/kWh in the buyers' favour."""
    return int(np.floor(best.energy_ueur_kwh + 1e-6))


def _contradicts(market: Market, best: Optimum) -> bool:
    """Whether orders that certainly trade at the optimum would do so at no single price."""
    book = market.book
    asked = book.asked_ueur_kwh - zone_prices(book, zone_part(market, best))
    certain = best.certain_matches()
    bids, asks = asked[certain[book.buys[certain]]], asked[certain[~book.buys[certain]]]
    return bool(len(bids) and len(asks) and asks.max() > bids.min())


def _fundable(book: Book, answer: Answer) -> bool:
    """Whether the gains of the trades pay for those whom the one price does not suit."""
    distance = zone_prices(book, answer.zone_ueur_kwh)
    try:
        funded(book, answer.local_wh, within_limits(book, (answer.forced_ueur_kwh or 0) + distance), distance)
    except Unfunded:
        return False
    return True


def _served(market: Market, answer: Answer, rules: Rules) -> bool:
    """Whether the rule's prices suit everybody who trades."""
    book = market.book
    if rules.price == "locational" and answer.forced_ueur_kwh is None:
        try:
            by_place(book, answer.local_wh, parts_of(market.wires, answer))
        except Unfunded:
            return False
        return True
    inside = price.acceptable(book, answer.local_wh, zone_prices(book, answer.zone_ueur_kwh))
    if inside is None:
        return True
    level = answer.forced_ueur_kwh
    return inside[0] <= inside[1] if level is None else inside[0] <= level <= inside[1]


def _near(book: Book, local_wh: Ints) -> int:
    """A price near the right one: where the free market clears, or between the best wish and the best offer."""
    level = price.free(book, local_wh)
    if level is not None:
        return level
    bids, asks = book.asked_ueur_kwh[book.buys], book.asked_ueur_kwh[~book.buys]
    best = (
        [int(side) for side in (*bids.max(keepdims=True), *asks.min(keepdims=True))]
        if len(bids) and len(asks)
        else ([int(book.asked_ueur_kwh.mean())])
    )
    return sum(best) // len(best)
