"""The slot's auction for many streets at once: one price, and what every device does at it.

The same rules as `market/clearing` for a street with one place, no grid fee and limits at its transformer: dearest
wishes meet cheapest offers; what no neighbour serves goes to each home's retailer; where the street's exchange
would pass a limit, energy flows in the order of what it is worth to its owner. `tests/market/agents/street` holds
the two together.
"""

from typing import NamedTuple

import numpy as np

from market.agents.street.fleet import Floats

EXACT_WH = 1e-6


class Steps(NamedTuple):
    """Where a street's net demand falls as the price rises, `[street, step]`.

    Past `price` (µ€/kWh) a device takes `energy_wh` less or gives that much more. `home` is whose step it is.
    """

    price: Floats
    energy_wh: Floats
    home: np.ndarray


class Cleared(NamedTuple):
    """The price of each street; by step the share that was passed (1: not charged, or given)."""

    price_ueur_kwh: Floats
    passed: Floats


def clear(
    steps: Steps, at_least_wh: Floats, retail: Floats, feed_in: Floats, most: tuple[float, float]
) -> Cleared:
    """Clear a slot of each street. `at_least_wh` is each home's net demand once every step is passed.

    `retail` and `feed_in` are each home's own prices, `[street, home]`; `most` the energy that the street may take
    and give in the slot.
    """
    own_retail, own_feed_in = retail[:, steps.home], feed_in[:, steps.home]
    # Beyond its own retailer's prices a home has no reason to move: its steps stay on that side of any price.
    seen = np.where(steps.price >= own_retail, np.inf, np.where(steps.price <= own_feed_in, -np.inf, steps.price))
    home_wh = _by_home(steps, np.where(np.isneginf(seen), 0.0, steps.energy_wh), at_least_wh.shape[1])
    highest = at_least_wh + home_wh
    lowest = at_least_wh + _by_home(steps, np.where(np.isposinf(seen), steps.energy_wh, 0.0), at_least_wh.shape[1])
    firm_wh = np.where(lowest > 0, lowest, np.where(highest < 0, -highest, 0.0))
    firm_price = np.where(lowest > 0, retail, feed_in)
    moving = np.isfinite(seen)
    prices = np.concatenate((np.where(moving, seen, 0.0), firm_price), axis=1)
    energies = np.concatenate((np.where(moving, steps.energy_wh, 0.0), firm_wh), axis=1)
    price, passed = crossing(prices, energies, np.maximum(highest, 0.0).sum(axis=1))
    shares = np.where(moving, passed[:, : seen.shape[1]], np.isneginf(seen))
    net_wh = at_least_wh.sum(axis=1) + ((1 - shares) * steps.energy_wh).sum(axis=1)
    full = np.flatnonzero((net_wh > most[0] + EXACT_WH) | (net_wh < -most[1] - EXACT_WH))
    if len(full):
        shares[full] = _held(steps, at_least_wh, full, np.clip(net_wh[full], -most[1], most[0]))
    return Cleared(price, shares)


def _held(steps: Steps, at_least_wh: Floats, streets: np.ndarray, exchange_wh: Floats) -> Floats:
    """Shares passed so that these streets exchange no more than they may: what is worth least goes first."""
    price, energy = steps.price[streets], steps.energy_wh[streets]
    spare = at_least_wh[streets].sum(axis=1) + energy.sum(axis=1) - exchange_wh
    return crossing(price, energy, spare)[1]


def crossing(price: Floats, energy_wh: Floats, demand_wh: Floats) -> tuple[Floats, Floats]:
    """The price at which `demand_wh` is used up by the steps below it, and the share of each step passed.

    Steps at that very price share what is left in proportion to their energy.
    """
    order = np.argsort(price, axis=1)
    used = np.cumsum(np.take_along_axis(energy_wh, order, axis=1), axis=1)
    place = np.minimum((used < demand_wh[:, None] - EXACT_WH).sum(axis=1), price.shape[1] - 1)
    level = np.take_along_axis(price, np.take_along_axis(order, place[:, None], axis=1), axis=1)
    below, at = price < level, price == level
    at_level = (energy_wh * at).sum(axis=1)
    left = demand_wh - (energy_wh * below).sum(axis=1)
    share = np.clip(left / np.maximum(at_level, EXACT_WH), 0.0, 1.0)
    return level[:, 0], below + at * share[:, None]


def _by_home(steps: Steps, energy_wh: Floats, homes: int) -> Floats:
    """Sums of steps by home, `[street, home]`."""
    owned = np.zeros((len(steps.home), homes))
    owned[np.arange(len(steps.home)), steps.home] = 1.0
    return energy_wh @ owned
