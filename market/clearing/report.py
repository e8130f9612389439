"""From an answer to what is published: prices, reasons, losses, full limits, welfare."""

from dataclasses import dataclass

import numpy as np

from market.clearing import price
from market.clearing.book import Book, Bools, Rules
from market.clearing.congested import Answer
from market.clearing.explain import reasons
from market.clearing.locational import (
    by_place,
    funded,
    parts_of,
    pay_as_bid,
    rent_neur,
    within_limits,
    zone_prices,
)
from market.clearing.outcome import Binding, Clearing, Parts
from market.clearing.programme import Zones
from market.clearing.wires import Wires
from market.clearing.worth import MEUR
from market.grid import Bounds, Flow, Limit, Margins, Moved, burden, full
from market.grid.feeder import Complexes, Ints

FULL = 0.995  # a limit used to this share counts as binding,
PRICED = 0.5  # and one with this price (µ€/kWh), however much is used
HALF = 1e-3
# A limit whose price is no more than the rewards that settle ties still holds energy back, µ€/kWh.
TOUCHED = 1e-3


@dataclass(frozen=True, eq=False, slots=True)
class Checked:
    """An answer that keeps the street's limits under AC too, how often it was redone, and what that took."""

    answer: Answer
    reclears: int
    moved: tuple[Moved, ...]
    margins: Margins | None
    voltages_v: Complexes | None


@dataclass(frozen=True, eq=False, slots=True)
class Priced:
    """Prices of a clearing: the slot's, each order's, what each would trade at, and where they come from."""

    level: int | None
    prices: Ints
    offered: Ints | None
    interval: price.Interval | None
    acceptable: price.Interval | None
    parts: Parts | None = None


def report(zones: Zones, on: Wires, bounds: Bounds, rules: Rules, free: Answer, checked: Checked) -> Clearing:
    """The clearing of a slot from the answer that was found; `free` is what the market would be without cables."""
    book, answer = on.book, checked.answer
    bindings = _bindings(on, bounds, answer)
    touched = _touched(on, answer)
    distance = zone_prices(book, answer.zone_ueur_kwh)
    priced = _priced(on, rules, answer, distance, touched)
    curtailed = np.where(touched & ~answer.barred, np.maximum(free.flow_wh - answer.flow_wh, 0), 0)
    curtailed = np.where(book.firm, book.energy_wh - answer.flow_wh, curtailed)
    return Clearing(
        book=book,
        rules=rules,
        local_wh=answer.local_wh,
        flow_wh=answer.flow_wh,
        curtailed_wh=curtailed,
        lost_neur=curtailed * _lost_ueur_kwh(book, free) if curtailed.any() else curtailed,
        prices_ueur_kwh=priced.prices,
        distance_ueur_kwh=distance,
        reasons=reasons(book, answer.local_wh, answer.flow_wh, priced.offered, bindings),
        price_ueur_kwh=priced.level,
        interval=priced.interval,
        acceptable=priced.acceptable,
        bindings=bindings,
        welfare_neur=welfare_neur(book, zones, answer.local_wh, answer.flow_wh),
        rent_neur=rent_neur(book, answer.local_wh, priced.prices, distance),
        emergency=answer.emergency,
        reclears=checked.reclears,
        moved=checked.moved,
        margins=checked.margins,
        energy_ueur_kwh=answer.energy_ueur_kwh,
        zone_ueur_kwh=answer.zone_ueur_kwh,
        parts=priced.parts,
        voltages_v=checked.voltages_v,
        barred=answer.barred,
        forced_ueur_kwh=answer.forced_ueur_kwh,
        compensated=answer.compensated,
    )


def _priced(on: Wires, rules: Rules, answer: Answer, distance: Ints, touched: Bools) -> Priced:
    book, local = on.book, answer.local_wh
    acceptable = price.acceptable(book, local, distance)
    if acceptable is None:
        return Priced(None, np.zeros(len(book), dtype=np.int64), None, None, None)
    held_back = touched & (answer.flow_wh < book.energy_wh)
    interval = price.equilibrium(book, local, distance, held_back, acceptable)
    if rules.price == "locational" and answer.energy_ueur_kwh is not None and answer.forced_ueur_kwh is None:
        parts = parts_of(on, answer)
        offered = parts.energy + parts.congestion + parts.voltage + parts.distance
        level = (parts.energy, parts.energy)
        return Priced(parts.energy, by_place(book, local, parts), offered, level, acceptable, parts)
    one = answer.forced_ueur_kwh
    if one is None:
        one = price.choose(rules.price, book, interval, acceptable)
    offered = one + distance
    prices = within_limits(book, offered)
    if answer.compensated:
        interval = (one, one)
    elif rules.price == "pay_as_bid":
        prices = np.where(local > 0, pay_as_bid(book, local, distance), prices)
        one = int((local * prices)[book.buys].sum()) // int(local[book.buys].sum())
    return Priced(one, funded(book, local, prices, distance), offered, interval, acceptable)


def _touched(on: Wires, answer: Answer) -> Bools:
    """Orders whose energy a limit with a price holds back."""
    if not answer.limits:
        return np.zeros(len(on.book), dtype=bool)
    prices = burden(on.network, answer.limits, np.array(answer.shadow_ueur_kwh))
    return np.asarray(on.priced(*prices) > TOUCHED)


def _bindings(on: Wires, bounds: Bounds, answer: Answer) -> tuple[Binding, ...]:
    """The limits that are full or have a price, in an order that depends on nothing but them.

    Full ones without a price are looked for in the flow: which of them the programme happened to hold is chance.
    """
    if not answer.limits:
        return ()
    flow = on.flow(answer.flow_wh)
    priced = {
        limit: exact
        for limit, exact in zip(answer.limits, answer.shadow_ueur_kwh, strict=True)
        if exact >= PRICED or (exact > 0 and limit.used(on.network, flow) >= FULL * limit.most)
    }
    named = {limit.identity[:3] for limit in priced}
    idle = {limit: 0.0 for limit in full(on.network, bounds, flow, FULL) if limit.identity[:3] not in named}
    found = [_binding(on, limit, exact, flow) for limit, exact in (*priced.items(), *idle.items())]
    return tuple(sorted(found, key=lambda row: (row.kind, row.element, row.phase, row.side, row.direction)))


def _binding(on: Wires, limit: Limit, exact_ueur_kwh: float, flow: Flow) -> Binding:
    # Halves are common (two limits share one price) and go up, whatever a solver's last digits say.
    used, shadow = limit.used(on.network, flow), int(exact_ueur_kwh + 0.5 + HALF)
    loading = used / limit.most if limit.most else 1.0
    return Binding(
        limit.element, limit.kind, limit.phase, limit.side, round(100 * loading, 2), shadow,
        shadow * max(round(used / on.w_per_wh), 0), limit.most, limit.direction, limit.scale, exact_ueur_kwh,
    )  # fmt: skip


def _lost_ueur_kwh(book: Book, free: Answer) -> Ints:
    """What a kWh that was held back would have gained its owner, at the price of a street without limits."""
    level = price.free(book, free.local_wh)
    best = book.retailer_ueur_kwh
    if level is not None:
        best = np.where(book.buys, np.minimum(level, best), np.maximum(level - book.fees.feeder, best))
    own = np.where(book.firm & ~book.buys, 0, book.limit_ueur_kwh)
    return np.maximum(book.sign * (own - best), 0)


def welfare_neur(book: Book, zones: Zones, local_wh: Ints, flow_wh: Ints) -> int:
    """What the trades are worth to buyers less what sellers need and the fees, less feed-in lost to curtailment,
    and what flexible orders gain with their retailers (`worth.py`, without its rewards)."""
    signed = book.sign * local_wh
    traded = signed @ np.where(book.firm, book.bound_ueur_kwh, book.limit_ueur_kwh)
    fees = book.fees.feeder * (local_wh @ ~book.buys)
    alone = book.sign * (flow_wh - local_wh) * ~book.firm
    flexible = alone @ (book.limit_ueur_kwh - book.retailer_ueur_kwh)
    curtailed = (book.energy_wh - flow_wh) * (book.firm & ~book.buys) @ book.retailer_ueur_kwh
    crossing = float(np.abs(zones.rows @ signed) @ np.rint(2 * zones.cost / MEUR)) / 2 if zones.count else 0.0
    return int(traded - fees + flexible - curtailed) - round(crossing)
