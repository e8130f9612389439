"""What an order's energy is worth in each of the two ways it may go: to neighbours, or to its own retailer.

Figures are m€/kWh (near one, which suits solvers) and count from "the retailer serves what is firm":

| order | matched with a neighbour | with its retailer |
|---|---|---|
| firm purchase | min(limit, retailer) | 0 (what is not matched) |
| firm sale | feed-in − max(limit, feed-in) − fee | feed-in (what is curtailed loses it) |
| flexible purchase | limit | limit − retailer, if that is not negative |
| flexible sale | −(limit + fee) | feed-in − limit, if that is not negative |

Two rewards far below 1 µ€/kWh settle what would be equal: energy goes to a retailer rather than nowhere, and to a
neighbour rather than to a retailer.
"""

from dataclasses import dataclass

import numpy as np

from market.clearing.book import Book, Bools
from market.grid.feeder import Floats, Ints

MEUR = 1e-3  # µ€ to m€
RETAILER_REWARD, NEIGHBOUR_REWARD = 1e-5, 3e-5
# What protected energy (rule capped) is worth more than its feed-in price, in highest prices of the book.
PROTECTION = 4.0


@dataclass(frozen=True, eq=False, slots=True)
class Worth:
    """Per order: worth of a kWh matched and with the retailer; −inf where that way is closed."""

    matched: Floats
    retailer: Floats

    def prefers_matching(self, sign: Ints, price: Floats) -> Floats:
        """By how much a neighbour at this price (m€/kWh, fee included) beats the retailer; inf where none
        serves.
        """
        with np.errstate(invalid="ignore"):
            gap = self.matched - sign * price - self.retailer
        return np.where(np.isnan(gap), np.inf, gap)


def worth(book: Book, barred: Bools) -> Worth:
    """The worth of a book's orders; those `barred` do not meet neighbours."""
    limit, retailer, fee = book.limit_ueur_kwh * MEUR, book.retailer_ueur_kwh * MEUR, book.fees.feeder * MEUR
    bound = book.bound_ueur_kwh * MEUR
    matched = np.where(book.buys, limit, -(limit + fee))
    matched = np.where(book.firm & book.buys, bound, matched)
    matched = np.where(book.firm & ~book.buys, retailer - bound - fee, matched)
    served = np.where(book.firm, np.where(book.buys, 0.0, retailer), book.sign * (limit - retailer))
    served = np.where(book.firm | (served >= 0), served, -np.inf)
    if book.protected.any():
        spared = np.where(book.protected & book.firm & ~book.buys, PROTECTION * highest_meur(book), 0.0)
        matched, served = matched + spared, served + spared
    is_firm_buy = book.firm & book.buys
    matched = np.where(barred, -np.inf, matched + NEIGHBOUR_REWARD - RETAILER_REWARD * is_firm_buy)
    return Worth(matched, served + RETAILER_REWARD * ~is_firm_buy)


def highest_meur(book: Book) -> float:
    """The largest price that counts in a book, at least 1 m€/kWh."""
    used = np.where(book.firm, book.bound_ueur_kwh, book.limit_ueur_kwh)
    meets = ~book.firm & book.meets_retailer
    sizes = np.concatenate(
        ([1_000], np.abs(used), np.abs(book.retailer_ueur_kwh[meets | (book.firm & ~book.buys)]))
    )
    return float(sizes.max()) * MEUR
