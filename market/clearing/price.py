"""One price for everybody in the slot: the intervals it may come from, and the named rules that choose."""

import numpy as np

from market.clearing.book import Book, Bools
from market.grid.feeder import Ints

Interval = tuple[int, int]
UNIFORM = ("equilibrium_midpoint", "mid_market", "supply_demand_ratio")
RULES = (*UNIFORM, "pay_as_bid", "locational")


def acceptable(book: Book, local_wh: Ints, distance: Ints) -> Interval | None:
    """Prices (µ€/kWh) at which no cleared order loses; low above high if one price cannot serve all.

    `distance` is what each order pays on top for its feeder and substation. None if nothing was cleared.
    """
    cleared = local_wh > 0
    asked = book.asked_ueur_kwh - distance
    asks, bids = asked[cleared & ~book.buys], asked[cleared & book.buys]
    return (int(asks.max()), int(bids.min())) if len(asks) else None


def equilibrium(book: Book, local_wh: Ints, distance: Ints, held_back: Bools, inside: Interval) -> Interval:
    """Prices between the marginal orders: nobody who is left out would want in, nobody who is in wants out.

    `inside` is what `acceptable` found. Orders in `held_back` were stopped by the network, not by the price, and
    do not count as left out.
    """
    asked = book.asked_ueur_kwh - distance
    waiting = (local_wh < book.energy_wh) & ~held_back
    low = int(np.max(asked[waiting & book.buys], initial=inside[0]))
    high = int(np.min(asked[waiting & ~book.buys], initial=inside[1]))
    return (low, high) if inside[0] <= low <= high <= inside[1] else inside


def free(book: Book, local_wh: Ints) -> int | None:
    """The middle of the equilibrium of a street without limits or distances; None if nothing was cleared."""
    nothing = np.zeros(len(book), dtype=np.int64)
    inside = acceptable(book, local_wh, nothing)
    return None if inside is None else sum(equilibrium(book, local_wh, nothing, nothing > 0, inside)) // 2


def choose(rule: str, book: Book, within: Interval, acceptable_interval: Interval) -> int:
    """The slot's price, µ€/kWh, half a µ€ in the buyers' favour; `within` is the equilibrium interval.

    Pay-as-bid has no price of its own; the equilibrium's middle then stands for it on pages.
    """
    low, high = acceptable_interval
    if rule == "mid_market":
        return (low + high) // 2
    if rule == "supply_demand_ratio":
        offered, wanted = (int(book.energy_wh[side].sum()) for side in (~book.buys, book.buys))
        return _by_ratio(low, high, min(offered, wanted), wanted)
    return sum(within) // 2


def _by_ratio(low: int, high: int, offered_wh: int, wanted_wh: int) -> int:
    """Near `high` while little is offered, `low` once as much is offered as wanted.

    Source: Liu et al., "Energy-sharing model with price-based demand response for microgrids of peer-to-peer
    prosumers", IEEE Transactions on Power Systems 32(5), 2017: low·high / ((high − low)·s + low), with s offered
    over wanted. Where a price at or below zero leaves the formula without sense, a straight line is taken.

    >>> _by_ratio(60_000, 120_000, 0, 10), _by_ratio(60_000, 120_000, 5, 10), _by_ratio(60_000, 120_000, 10, 10)
    (120000, 80000, 60000)
    """
    if low <= 0:
        return high - (high - low) * offered_wh // wanted_wh
    return low * high * wanted_wh // ((high - low) * offered_wh + low * wanted_wh)
