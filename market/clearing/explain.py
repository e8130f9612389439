"""The reason of every order's outcome, with the figures that prove it."""

from collections.abc import Iterator

import numpy as np

from market.clearing.book import Book
from market.clearing.outcome import REASONS, Binding, Clearing, Reason
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


def facts_of(clearing: Clearing) -> Iterator[dict[str, int | str | None]]:
    """The figures behind each order's reason, as they are stored."""
    book, parts = clearing.book, clearing.parts
    network = {REASONS.index(Reason.NETWORK_LIMIT), REASONS.index(Reason.CURTAILED)}
    rationed = REASONS.index(Reason.RATIONED)
    priced = clearing.price_ueur_kwh is not None
    columns = zip(
        clearing.prices_ueur_kwh.tolist(), book.bound_ueur_kwh.tolist(), clearing.reasons.tolist(), strict=True
    )
    # Of several full limits the dearest is the one to name; a last Wh lost to rounding has none to blame.
    dearest = max(clearing.bindings, key=lambda row: row.shadow_ueur_kwh, default=None)
    for i, (price, limit, reason) in enumerate(columns):
        facts: dict[str, int | str | None] = {"price_ueur_kwh": price if priced else None, "limit_ueur_kwh": limit}
        if reason in network and dearest is not None:
            facts |= {"element": dearest.element, "kind": dearest.kind}
        if reason == rationed:
            facts["rule"] = clearing.rules.fairness
        if parts is not None:
            facts |= {
                "energy_ueur_kwh": parts.energy,
                "congestion_ueur_kwh": int(parts.congestion[i]),
                "voltage_ueur_kwh": int(parts.voltage[i]),
                "fee_ueur_kwh": int(parts.distance[i]),
            }
        yield facts
