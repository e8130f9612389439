"""One price for everybody in the slot: the intervals it may come from, and the named rules that choose."""

from collections.abc import Iterable, Sequence

from market.clearing.book import Order, Side
from market.clearing.merit import asked_ueur_kwh

Interval = tuple[int, int]


def acceptable(orders: Sequence[Order], local_wh: dict[int, int], fee_ueur_kwh: int) -> Interval | None:
    """Prices (µ€/kWh) at which no cleared order loses; low above high if one price cannot serve all.

    None if nothing was cleared.
    """
    cleared = [order for order in orders if local_wh[order.id]]
    if not cleared:
        return None
    return _highest_ask(cleared, fee_ueur_kwh), _lowest_bid(cleared, fee_ueur_kwh)


def equilibrium(
    orders: Sequence[Order], local_wh: dict[int, int], fee_ueur_kwh: int, held_back: frozenset[int]
) -> Interval | None:
    """Prices between the marginal orders: nobody who is left out would want in, nobody who is in wants out.

    Orders in `held_back` were stopped by the network, not by the price, and do not count as left out.
    """
    inside = acceptable(orders, local_wh, fee_ueur_kwh)
    if inside is None:
        return None
    waiting = [order for order in orders if local_wh[order.id] < order.energy_wh and order.id not in held_back]
    bids = [asked_ueur_kwh(order, fee_ueur_kwh) for order in waiting if order.side is Side.BUY]
    asks = [asked_ueur_kwh(order, fee_ueur_kwh) for order in waiting if order.side is Side.SELL]
    low, high = max([inside[0], *bids]), min([inside[1], *asks])
    return (low, high) if inside[0] <= low <= high <= inside[1] else inside


def choose(rule: str, equilibrium_interval: Interval, acceptable_interval: Interval) -> int:
    """The slot's price, µ€/kWh: the middle of one interval, half a µ€ in the buyers' favour.

    >>> choose("equilibrium_midpoint", (100_000, 200_001), (0, 300_000))
    150000
    """
    intervals = {"equilibrium_midpoint": equilibrium_interval, "mid_market": acceptable_interval}
    if rule not in intervals:
        raise ValueError(f"Unknown price rule {rule}; there are {', '.join(intervals)}.")
    low, high = intervals[rule]
    return (low + high) // 2


def _highest_ask(orders: Iterable[Order], fee_ueur_kwh: int) -> int:
    return max(asked_ueur_kwh(order, fee_ueur_kwh) for order in orders if order.side is Side.SELL)


def _lowest_bid(orders: Iterable[Order], fee_ueur_kwh: int) -> int:
    return min(asked_ueur_kwh(order, fee_ueur_kwh) for order in orders if order.side is Side.BUY)
