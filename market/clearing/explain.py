"""The reason of every order's outcome, with the figures that prove it."""

import numpy as np

from market.clearing.book import Book
from market.clearing.outcome import REASONS, Binding, Reason
from market.grid.feeder import Ints


def reasons(book: Book, local_wh: Ints, flow_wh: Ints, prices: Ints | None, bindings: tuple[Binding, ...]) -> Ints:
    """A code (place in `REASONS`) by order. `prices` are what each order would trade at, None without a price."""
    full = local_wh == book.energy_wh
    cut = flow_wh < book.energy_wh
    curtailed = book.firm & cut
    held = ~book.firm & book.meets_retailer & cut  # its retailer would have served it
    conditions, codes = [full, curtailed, held], [Reason.FILLED, Reason.CURTAILED, Reason.NETWORK_LIMIT]
    if prices is None:
        both_sides = bool(book.buys.any() and (~book.buys).any())
        rest = Reason.LIMIT_NOT_MET if both_sides else Reason.NO_COUNTERPARTY
    else:
        asked = book.asked_ueur_kwh
        at_price = asked == prices
        refused = book.sign * (asked - prices) < 0
        some = (local_wh > 0) & ~at_price
        rest = Reason.NETWORK_LIMIT if bindings else Reason.NO_COUNTERPARTY
        conditions += [some, at_price, refused]
        codes += [Reason.NETWORK_LIMIT if bindings else Reason.RATIONED, Reason.RATIONED, Reason.LIMIT_NOT_MET]
    return np.select(conditions, [REASONS.index(code) for code in codes], REASONS.index(rest))
