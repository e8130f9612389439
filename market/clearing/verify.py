"""An independent check of a clearing. It shares no code with the optimiser and solves nothing: it checks proofs.

Energy and money are recounted. That the street carries it is proved by the voltages of its AC state, which must
obey Ohm and Kirchhoff (`verify_grid.py`). That nothing better was possible is proved by the prices, which bound
the welfare of every clearing (`verify_welfare.py`).
"""

from collections.abc import Iterator

import numpy as np

from market.clearing.book import Book
from market.clearing.outcome import Clearing
from market.clearing.verify_grid import grid_problems
from market.clearing.verify_welfare import welfare_problems
from market.grid import Feeder

ONE_PRICE = ("equilibrium_midpoint", "mid_market", "supply_demand_ratio")
NAMED = 5  # so many orders are named; the rest is counted


def verify(book: Book, feeder: Feeder, clearing: Clearing) -> list[str]:
    """Everything that is wrong with a clearing, in words; empty if it may be published."""
    if len(clearing.local_wh) != len(book) or not np.array_equal(clearing.book.id, book.id):
        return ["Not every order has exactly one outcome."]
    return [
        *_energy(book, clearing),
        *_money(book, clearing),
        *grid_problems(book, feeder, clearing),
        *welfare_problems(book, feeder, clearing),
    ]


def effective(book: Book) -> np.ndarray:
    """The limit that counts, worked out anew: the retailer's price where that is better for the household."""
    better = (book.retailer_ueur_kwh < book.limit_ueur_kwh) == book.buys
    return np.where(better, book.retailer_ueur_kwh, book.limit_ueur_kwh)


def _energy(book: Book, clearing: Clearing) -> Iterator[str]:
    local, flow, cut = clearing.local_wh, clearing.flow_wh, clearing.curtailed_wh
    firm, buys = book.firm, book.buys
    over = (local < 0) | (flow < local) | (flow > book.energy_wh) | (cut < 0)
    yield from _named(book, over, "got more than it asked for, or less than nothing")
    yield from _named(book, firm & (flow + cut != book.energy_wh), "is firm and lost energy")
    yield from _named(book, firm & buys & (flow != book.energy_wh), "is a firm purchase and was cut")
    beyond = np.where(
        buys, book.limit_ueur_kwh < book.retailer_ueur_kwh, book.limit_ueur_kwh > book.retailer_ueur_kwh
    )
    yield from _named(book, ~firm & (flow > local) & beyond, "met its retailer beyond its limit")
    sold, bought = int(local[~buys].sum()), int(local[buys].sum())
    if sold != bought:
        yield f"Neighbours sold {sold} Wh and bought {bought} Wh."


def _named(book: Book, wrong: np.ndarray, what: str) -> Iterator[str]:
    if not wrong.any():
        return
    found = book.id[wrong]
    for order in found[:NAMED]:
        yield f"Order {order} {what}."
    if len(found) > NAMED:
        yield f"So did {len(found) - NAMED} other orders."


def _money(book: Book, clearing: Clearing) -> Iterator[str]:
    traded = clearing.local_wh > 0
    if clearing.price_ueur_kwh is None:
        if traded.any():
            yield "Energy was traded without a price."
        return
    if not traded.any():
        yield "There is a price but no trade."
        return
    prices, distance, fee = clearing.prices_ueur_kwh, clearing.distance_ueur_kwh, book.grid_fee_ueur_kwh
    limit = effective(book)
    loses = traded & np.where(book.buys, prices > limit, prices - fee < limit)
    yield from _named(book, loses, "trades beyond its limit")
    if clearing.interval is None or not clearing.interval[0] <= clearing.interval[1]:
        yield "The price comes from no interval."
    if clearing.rules.price in ONE_PRICE and not clearing.compensated:
        several = traded & (prices - distance != clearing.price_ueur_kwh)
        moved = several & (prices != limit + np.where(book.buys, 0, fee))
        yield from _named(book, moved if distance.any() else several, "trades at a price of its own")
    bought, sold = clearing.local_wh * book.buys, clearing.local_wh * ~book.buys
    paid, received = int(prices @ bought), int((prices - fee) @ sold)
    fees = fee * int(sold.sum())
    far = int(distance @ (bought - sold))
    if paid != received + fees + far + clearing.rent_neur:
        yield f"Buyers pay {paid} n€, but {received + fees + far + clearing.rent_neur} n€ arrive."
    if clearing.rent_neur < 0:
        yield f"The street would have to pay {-clearing.rent_neur} n€ that nobody gives."
