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

    Past `price` (µ€/kWh) a device takes `energy_wh` less or gives that much more. By step, `home` is whose it is
    and `gives` whether its device gives.
    """

    price: Floats
    energy_wh: Floats
    home: np.ndarray
    gives: np.ndarray


class Cleared(NamedTuple):
    """The price of each street; by step the share that was passed (1: not charged, or given)."""

    price_ueur_kwh: Floats
    passed: Floats


class _Demand(NamedTuple):
    """What clears: `seen` are the steps' prices as far as they can move (else ±inf), `owned` says whose they are,
    `lowest` and `highest` are each home's net demand at any price and at none, `firm_wh` what of it no step moves,
    at the retailer's price `firm_price`.
    """

    seen: Floats
    energy_wh: Floats
    owned: Floats
    lowest: Floats
    highest: Floats
    firm_wh: Floats
    firm_price: Floats


def clear(
    steps: Steps, at_least_wh: Floats, retail: Floats, feed_in: Floats, most: tuple[float, float]
) -> Cleared:
    """Clear a slot of each street. `at_least_wh` is each home's net demand once every step is passed.

    `retail` and `feed_in` are each home's own prices, `[street, home]`; `most` the energy that the street may take
    and give in the slot. Between the last who trades and the first who does not, the price is in the middle.
    """
    on = _demand(steps, at_least_wh, retail, feed_in)
    moving = np.isfinite(on.seen)
    prices = np.concatenate((np.where(moving, on.seen, 0.0), on.firm_price), axis=1)
    energies = np.concatenate((np.where(moving, on.energy_wh, 0.0), on.firm_wh), axis=1)
    low, high = levels(prices, energies, np.maximum(on.highest, 0.0).sum(axis=1))
    at = on.seen == low[:, None]
    shares = np.where(at, _at_level(on, at, low) @ on.owned.T, on.seen < low[:, None])
    net_wh = at_least_wh.sum(axis=1) + ((1 - shares) * steps.energy_wh).sum(axis=1)
    full = np.flatnonzero((net_wh > most[0] + EXACT_WH) | (net_wh < -most[1] - EXACT_WH))
    if len(full) and shares.size:
        shares[full] = _held(steps, on.owned, at_least_wh[full], shares[full], full, most)
    return Cleared((low + high) / 2, shares)


def _demand(steps: Steps, at_least_wh: Floats, retail: Floats, feed_in: Floats) -> _Demand:
    own_retail, own_feed_in = retail[:, steps.home], feed_in[:, steps.home]
    # Beyond its own retailer's prices a home has no reason to move: its steps stay on that side of any price.
    seen = np.where(steps.price >= own_retail, np.inf, np.where(steps.price <= own_feed_in, -np.inf, steps.price))
    owned = np.zeros((len(steps.home), at_least_wh.shape[1]))
    owned[np.arange(len(steps.home)), steps.home] = 1.0
    lowest = at_least_wh + np.where(np.isposinf(seen), steps.energy_wh, 0.0) @ owned
    highest = lowest + np.where(np.isfinite(seen), steps.energy_wh, 0.0) @ owned
    firm_wh = np.where(lowest > 0, lowest, np.where(highest < 0, -highest, 0.0))
    firm_price = np.where(lowest > 0, retail, feed_in)
    return _Demand(seen, steps.energy_wh, owned, lowest, highest, firm_wh, firm_price)


def levels(price: Floats, energy_wh: Floats, demand_wh: Floats) -> tuple[Floats, Floats]:
    """The lowest and highest price at which the steps below it use up `demand_wh`; where none does, the last."""
    order = np.argsort(price, axis=1)
    used = np.cumsum(np.take_along_axis(energy_wh, order, axis=1), axis=1)
    enough = (used < demand_wh[:, None] - EXACT_WH).sum(axis=1)
    more = (used < demand_wh[:, None] + EXACT_WH).sum(axis=1)
    last = price.shape[1] - 1
    ends = np.stack((np.minimum(enough, last), np.where(more > last, np.minimum(enough, last), more)), axis=1)
    found = np.take_along_axis(price, np.take_along_axis(order, ends, axis=1), axis=1)
    return found[:, 0], found[:, 1]


def _at_level(on: _Demand, at: Floats, level: Floats) -> Floats:
    """The share passed of each home's steps at the price level, `[street, home]`.

    As much is traded as the shorter side has; who stands at the level on the longer side shares it by energy.
    """
    above = on.lowest + np.where(np.isfinite(on.seen) & (on.seen > level[:, None]), on.energy_wh, 0.0) @ on.owned
    with_level = above + np.where(at, on.energy_wh, 0.0) @ on.owned
    firm_buys, firm_sells = np.where(on.lowest > 0, on.firm_wh, 0.0), np.where(on.lowest > 0, 0.0, on.firm_wh)
    buys_level = np.maximum(with_level, 0.0) - np.maximum(above, 0.0)
    sells_level = (with_level - above) - buys_level
    apart = on.firm_price - level[:, None]
    dearer = (np.maximum(above, 0.0) - firm_buys + firm_buys * (apart > 0)).sum(axis=1)
    cheaper = (np.maximum(-with_level, 0.0) - firm_sells + firm_sells * (apart < 0)).sum(axis=1)
    wanted = (buys_level + firm_buys * (apart == 0)).sum(axis=1)
    offered = (sells_level + firm_sells * (apart == 0)).sum(axis=1)
    volume = np.minimum(dearer + wanted, cheaper + offered)
    served = np.clip((volume - dearer) / np.maximum(wanted, EXACT_WH), 0.0, 1.0)[:, None]
    sold = np.clip((volume - cheaper) / np.maximum(offered, EXACT_WH), 0.0, 1.0)[:, None]
    passed = buys_level * (1 - served) + sells_level * sold
    return np.asarray(passed / np.maximum(with_level - above, EXACT_WH))


def _held(
    steps: Steps,
    owned: Floats,
    at_least_wh: Floats,
    shares: Floats,
    streets: np.ndarray,
    most: tuple[float, float],
) -> Floats:
    """Shares passed so that these streets exchange no more than they may, as far as flexible energy reaches.

    Too much taken: what homes would buy rather than charge less or use their batteries stops where it is worth
    least. Beyond its own need a battery that asks more than the retailer does not help: nobody would pay it. Too
    much given: those that ask most give less; nobody charges at less than the feed-in price for that.
    """
    price, energy = steps.price[streets], steps.energy_wh[streets]
    takes_wh = at_least_wh + ((1 - shares) * energy) @ owned
    net_wh = takes_wh.sum(axis=1)
    movable, given = (1 - shares) * energy, shares * energy * steps.gives
    bought = np.clip(takes_wh / np.maximum(movable @ owned, EXACT_WH), 0.0, 1.0) @ owned.T
    stops = crossing(price, movable * bought, np.maximum(net_wh - most[0], 0.0)) * bought
    keeps = crossing(-price, given, np.maximum(-net_wh - most[1], 0.0)) * steps.gives
    return np.asarray(shares + (1 - shares) * stops - shares * keeps)


def crossing(price: Floats, energy_wh: Floats, demand_wh: Floats) -> Floats:
    """The share of each step that it takes to use up `demand_wh`, from the lowest price; equal prices share."""
    level = levels(price, energy_wh, demand_wh)[0][:, None]
    below, at = price < level, price == level
    left = demand_wh - (energy_wh * below).sum(axis=1)
    at_level = (energy_wh * at).sum(axis=1)
    return np.asarray(below + at * np.clip(left / np.maximum(at_level, EXACT_WH), 0.0, 1.0)[:, None])
