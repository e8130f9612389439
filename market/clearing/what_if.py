"""What a slot would have come to, had one household set other limits; everybody else's orders stay."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np

from market.clearing.book import Book
from market.clearing.outcome import Fill


@dataclass(frozen=True, slots=True)
class Limits:
    """The least a household sells for and the most it buys for, µ€/kWh; None leaves its orders as they are."""

    sell_ueur_kwh: int | None = None
    buy_ueur_kwh: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A household's part in a slot: Wh traded with neighbours, and what all of its orders brought (+) or cost (−)
    in n€, the retailer's part with them.

    `kept_wh` is what its devices keep or take in instead of giving it away, `used_wh` what its car and loads take;
    `worth_neur` is what both are worth. Without it, energy that was not sold would look lost.
    """

    sold_wh: int = 0
    bought_wh: int = 0
    money_neur: int = 0
    kept_wh: int = 0
    used_wh: int = 0
    worth_neur: int = 0

    def __add__(self, other: "Part") -> "Part":
        return Part(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    @property
    def total_neur(self) -> int:
        """Money, and what is kept for later at its worth."""
        return self.money_neur + self.worth_neur


def with_limits(book: Book, household_id: int, limits: Limits) -> Book:
    """The same book with other limits on one household's orders; the retailer bounds them as ever.

    Firm energy is offered at the owner's limit itself. What a device may give or take has a worth of its own,
    which a wider limit does not change and a stricter one overrules.
    """
    own = book.household == household_id
    changed = book.limit_ueur_kwh.copy()
    for side, limit, stricter in (
        (own & ~book.buys, limits.sell_ueur_kwh, np.maximum),
        (own & book.buys, limits.buy_ueur_kwh, np.minimum),
    ):
        if limit is not None:
            changed[side & book.firm] = limit
            changed[side & ~book.firm] = stricter(changed[side & ~book.firm], limit)
    return replace(book, limit_ueur_kwh=changed)


def part_of(
    book: Book, household_id: int, fills: Sequence[Fill], grid_fee_ueur_kwh: int, worth: Book | None = None
) -> Part:
    """What the fills of a clearing of this book mean for one household. A seller nets its price less the fee.

    Firm energy that no neighbour takes or gives counts at the retailer's price. Flexible energy that is not sold
    stays in its device, and what is bought goes into it: it counts at the price that its order asked in the book
    of `worth`, the orders as they were placed.
    """
    asked = (worth or book).limit_ueur_kwh
    found = Part()
    by_id = {fill.order_id: fill for fill in fills}
    for place in np.flatnonzero(book.household == household_id).tolist():
        fill = by_id[int(book.id[place])]
        retailer = int(book.retailer_ueur_kwh[place])
        price = fill.price_ueur_kwh or 0
        if book.buys[place]:
            money = -(fill.local_wh * price + fill.retailer_wh * retailer)
            found += Part(bought_wh=fill.local_wh, money_neur=money)
        else:
            money = fill.local_wh * (price - grid_fee_ueur_kwh) + fill.retailer_wh * retailer
            found += Part(sold_wh=fill.local_wh, money_neur=money)
        if not book.firm[place]:
            kept_wh = fill.flow_wh if book.buys[place] else int(book.energy_wh[place]) - fill.flow_wh
            found += Part(kept_wh=kept_wh, worth_neur=kept_wh * int(asked[place]))
    return found
