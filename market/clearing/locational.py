"""Prices by order: what the rule says for each, inside its own limit, paid for by the trades themselves.

A price by place is the energy at the transformer, plus what the order's feeder and substation add (distance),
plus the price of every full limit times what a kWh of the order adds to it (congestion, voltage; with its
reactive power). Nobody pays more or gets less than its own limit. Where the trades then leave less than
nothing, because some who relieve the street are paid and some who burden it may not be charged, every gain
gives the same share of itself.
"""

import numpy as np

from market.clearing.book import Book
from market.clearing.congested import Answer
from market.clearing.outcome import Parts
from market.clearing.wires import Wires
from market.grid import burden
from market.grid.feeder import Floats, Ints


class Unfunded(ArithmeticError):
    """The gains of the trades do not pay for those who must be compensated."""


def parts_of(on: Wires, answer: Answer) -> Parts:
    """The parts of each order's price by place, whole µ€/kWh."""
    book, parts = on.book, []
    is_voltage = np.array([limit.kind.startswith("voltage") for limit in answer.limits], dtype=bool)
    shadows = np.array(answer.shadow_ueur_kwh)
    for which in (~is_voltage, is_voltage):
        prices = burden(on.network, answer.limits, np.where(which, shadows, 0.0))
        parts.append(book.sign * on.priced(*prices))
    congestion, voltage = parts
    return Parts(
        _floor(answer.energy_ueur_kwh or 0.0),
        _rint(congestion),
        _rint(voltage),
        zone_prices(book, answer.zone_ueur_kwh),
    )


def zone_prices(book: Book, zone_ueur_kwh: Floats | None) -> Ints:
    """What distance adds to each order's price, whole µ€/kWh."""
    if zone_ueur_kwh is None or not zone_ueur_kwh.any():
        return np.zeros(len(book), dtype=np.int64)
    return _rint(zone_ueur_kwh)


def by_place(book: Book, local_wh: Ints, parts: Parts) -> Ints:
    """What each order pays by its place. Raises `Unfunded`."""
    wanted = parts.energy + parts.congestion + parts.voltage + parts.distance
    return funded(book, local_wh, within_limits(book, wanted), parts.distance)


def within_limits(book: Book, prices: Ints) -> Ints:
    """Prices moved to each order's own limit where they would be beyond it."""
    asked = book.asked_ueur_kwh
    return np.where(book.buys, np.minimum(prices, asked), np.maximum(prices, asked))


def funded(book: Book, local_wh: Ints, prices: Ints, distance: Ints) -> Ints:
    """Prices at which buyers pay at least what sellers and distance take. Raises `Unfunded`."""
    missing = -rent_neur(book, local_wh, prices, distance)
    if missing <= 0:
        return prices
    gains = book.sign * (book.asked_ueur_kwh - prices)
    whole = int((gains * local_wh).sum())
    if whole < missing:
        raise Unfunded(f"Gains of {whole} n€ do not pay for {missing} n€.")
    given = -(-gains * missing // whole)  # rounded up: a µ€/kWh too much stays with the street
    return np.asarray(prices + book.sign * np.minimum(given, gains))


def rent_neur(book: Book, local_wh: Ints, prices: Ints, distance: Ints) -> int:
    """What buyers pay and sellers (their fee included) do not get, less what distance takes, n€."""
    return int((book.sign * local_wh * (prices - distance)).sum())


def pay_as_bid(book: Book, local_wh: Ints, distance: Ints) -> Ints:
    """Each buyer pays its own limit; sellers get what the buyers that stand beside them in merit order pay.

    Dearest wishes stand beside cheapest offers, Wh by Wh; sellers at one limit get the mean of theirs, rounded
    down.
    """
    prices = book.asked_ueur_kwh.copy()
    buys, sells = (np.flatnonzero(side & (local_wh > 0)) for side in (book.buys, ~book.buys))
    bids, asks = prices[buys] - distance[buys], prices[sells] - distance[sells]
    buys, sells = buys[np.argsort(-bids, kind="stable")], sells[np.argsort(asks, kind="stable")]
    bids = np.sort(bids)[::-1]
    ends = np.cumsum(local_wh[buys])
    paid = np.concatenate(([0], np.cumsum(local_wh[buys] * bids)))
    starts = np.concatenate(([0], ends))

    def paid_until(energy_wh: Ints) -> Ints:
        at = np.minimum(np.searchsorted(ends, energy_wh, side="right"), len(bids) - 1)
        return np.asarray(paid[at] + (energy_wh - starts[at]) * bids[at])

    levels = np.sort(asks)
    upto = np.cumsum(local_wh[sells])
    firsts = np.flatnonzero(np.concatenate(([True], levels[1:] != levels[:-1])))
    lasts = np.concatenate((firsts[1:], [len(levels)])) - 1
    begin = np.concatenate(([0], upto[lasts[:-1]]))
    mean = (paid_until(upto[lasts]) - paid_until(begin)) // (upto[lasts] - begin)
    prices[sells] = np.repeat(mean, lasts - firsts + 1) + distance[sells]
    return prices


def _floor(value: float) -> int:
    """Whole µ€ in the buyers' favour, forgiving the last digits."""
    return int(np.floor(value + 1e-6))


def _rint(values: Floats) -> Ints:
    return np.asarray(np.floor(values + 0.5 - 1e-6), dtype=np.int64)
