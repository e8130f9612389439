"""The clearing where no limit of the street binds: both sides in merit order, whole numbers only."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from market.clearing.apportion import apportion
from market.clearing.book import Book, Order, Side


def asked_ueur_kwh(order: Order, fee_ueur_kwh: int) -> int:
    """The price that decides: what a buyer pays at most, what a seller needs with the grid fee on top."""
    return order.bound_ueur_kwh + (fee_ueur_kwh if order.side is Side.SELL else 0)


def matched_wh(orders: Sequence[Order], fee_ueur_kwh: int) -> dict[int, int]:
    """Energy that each order trades with neighbours (by order id) in the best and largest matching.

    Dearest wishes meet cheapest offers as long as a buyer pays what a seller needs; equal prices still meet.
    Orders at one price share pro rata. The order of `orders` changes nothing.
    """
    orders = sorted(orders, key=lambda order: order.id)
    levels: dict[Side, dict[int, list[Order]]] = {Side.BUY: defaultdict(list), Side.SELL: defaultdict(list)}
    for order in orders:
        levels[order.side][asked_ueur_kwh(order, fee_ueur_kwh)].append(order)
    volume_wh = _volume_wh(levels[Side.BUY], levels[Side.SELL])
    answer = dict.fromkeys((order.id for order in orders), 0)
    _fill(levels[Side.BUY], sorted(levels[Side.BUY], reverse=True), volume_wh, answer)
    _fill(levels[Side.SELL], sorted(levels[Side.SELL]), volume_wh, answer)
    return answer


def _volume_wh(buys: Mapping[int, list[Order]], sells: Mapping[int, list[Order]]) -> int:
    """The largest volume of which every kWh is worth at least what it costs."""
    bids = [[price, _sum(buys[price])] for price in sorted(buys, reverse=True)]
    asks = [[price, _sum(sells[price])] for price in sorted(sells)]
    volume_wh = i = j = 0
    while i < len(bids) and j < len(asks) and bids[i][0] >= asks[j][0]:
        step_wh = min(bids[i][1], asks[j][1])
        volume_wh += step_wh
        bids[i][1] -= step_wh
        asks[j][1] -= step_wh
        i += not bids[i][1]
        j += not asks[j][1]
    return volume_wh


def _fill(
    levels: Mapping[int, list[Order]], by_merit: Sequence[int], volume_wh: int, answer: dict[int, int]
) -> None:
    for price in by_merit:
        orders = levels[price]
        share_wh = min(volume_wh, _sum(orders))
        for order, part in zip(orders, apportion(share_wh, [o.energy_wh for o in orders]), strict=True):
            answer[order.id] = part
        volume_wh -= share_wh


def _sum(orders: Sequence[Order]) -> int:
    return sum(order.energy_wh for order in orders)


def uncongested(book: Book) -> tuple[dict[int, int], dict[int, int]]:
    """(matched, flowing) Wh by order id when the street carries everything that wants to flow."""
    local = matched_wh(book.orders, book.grid_fee_ueur_kwh)
    flow = {order.id: order.energy_wh if order.meets_retailer else local[order.id] for order in book.orders}
    return local, flow
