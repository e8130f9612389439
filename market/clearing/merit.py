"""The clearing where no limit of the street binds: both sides in merit order, whole numbers only."""

import numpy as np

from market.clearing.apportion import share
from market.clearing.book import Book, Bools
from market.grid.feeder import Ints


def matched_wh(book: Book, rule: str = "pro_rata", among: Bools | None = None) -> Ints:
    """Energy that each order trades with neighbours in the best and largest matching.

    Dearest wishes meet cheapest offers as long as a buyer pays what a seller needs; equal prices still meet.
    Orders at one price share by the fairness rule. Orders outside `among` stay out.
    """
    inside = np.ones(len(book), dtype=bool) if among is None else among
    buys, sells = np.flatnonzero(book.buys & inside), np.flatnonzero(~book.buys & inside)
    answer = np.zeros(len(book), dtype=np.int64)
    if not len(buys) or not len(sells):
        return answer
    buys = buys[np.argsort(-book.asked_ueur_kwh[buys])]
    sells = sells[np.argsort(book.asked_ueur_kwh[sells])]
    volume_wh = _volume_wh(book, buys, sells)
    if volume_wh:
        for side in (buys, sells):
            _fill(book, side, volume_wh, rule, answer)
    return answer


def _volume_wh(book: Book, buys: Ints, sells: Ints) -> int:
    """The largest volume of which every Wh is worth at least what it costs.

    At a price, as much is traded as the shorter side has; the best price is one that a seller asks.
    """
    offered = np.cumsum(book.energy_wh[sells])
    wanted = np.concatenate(([0], np.cumsum(book.energy_wh[buys])))
    willing = np.searchsorted(-book.asked_ueur_kwh[buys], -book.asked_ueur_kwh[sells], side="right")
    return int(np.max(np.minimum(offered, wanted[willing])))


def _fill(book: Book, by_merit: Ints, volume_wh: int, rule: str, answer: Ints) -> None:
    energy, price = book.energy_wh[by_merit], book.asked_ueur_kwh[by_merit]
    last = price[int(np.searchsorted(np.cumsum(energy), volume_wh))]
    # Prices are sorted, so those at the last level stand in one piece behind those that are served in full.
    first, end = np.flatnonzero(price == last)[[0, -1]]
    answer[by_merit[:first]] = energy[:first]
    level = np.sort(by_merit[first : end + 1])  # by id again: leftovers go to the earlier orders
    left_wh = volume_wh - int(energy[:first].sum())
    answer[level] = share(rule, left_wh, book.energy_wh[level], book.priority[level])


def uncongested(book: Book, rule: str = "pro_rata") -> tuple[Ints, Ints]:
    """(matched, flowing) Wh of each order when the street carries everything that wants to flow."""
    local = matched_wh(book, rule)
    return local, np.where(book.meets_retailer, book.energy_wh, local)
