"""From signals, private state and weights to what stored energy and charging are worth: the policy itself.

worth(s) = low + (high − low)·σ(planner(s) + level − slope·(s − ½)), where the planner's worth is taken into the
same scale, and level and slope are linear in the features. With all weights zero it is the planner (plus a little
slope of its own, so that fuller batteries give first). Linear, so every feature's part is known exactly.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.agents.policy.signals import FEATURES
from market.agents.rungs import Floats

LOW, HIGH = 0.35, 2.2  # bounds of a worth, in units
EDGE = 1e-3
OWN_SLOPE = 0.5
CAR_REACH = 0.3  # how far a car's weights move its willingness, as a power of e
HASTE = 0.05  # a car that has no hour to spare pays this much more
NUDGE = 1e-3
SIZE = len(FEATURES)


class Heads(NamedTuple):
    """What the weights say of each street, or of each of its devices: shift of the level and slope `[street, 1 or
    battery]`, and what a car's willingness hangs on `[street, 1 or car, weight]`.
    """

    level: Floats
    slope: Floats
    car: Floats


def heads(numbers: Floats, features: Floats) -> Heads:
    """Heads from weights `[policy, SIZE]` and normed features `[policy · week, feature]`."""
    policies = len(numbers)
    by_policy = features.reshape(policies, -1, SIZE)
    level = np.einsum("pwf,pf->pw", by_policy, numbers[:, :SIZE]).ravel()
    slope = np.einsum("pwf,pf->pw", by_policy, numbers[:, SIZE : 2 * SIZE]).ravel()
    car = np.repeat(numbers[:, 2 * SIZE :], by_policy.shape[1], axis=0)
    return Heads(level[:, None], slope[:, None], car[:, None])


def scaled(worth_ueur_kwh: Floats, unit_ueur_kwh: Floats) -> Floats:
    """A worth in the scale in which levels add up."""
    share = (worth_ueur_kwh / unit_ueur_kwh - LOW) / (HIGH - LOW)
    share = np.clip(share, EDGE, 1 - EDGE)
    return np.asarray(np.log(share / (1 - share)))


def unscaled(rise: Floats, unit_ueur_kwh: Floats) -> Floats:
    """The other way round: µ€/kWh between the bounds."""
    return np.asarray(unit_ueur_kwh * (LOW + (HIGH - LOW) / (1 + np.exp(-rise))))


def falling(slope: Floats) -> Floats:
    """The slope with the policy's own; a fuller battery never values stored energy more."""
    return np.asarray(np.maximum(OWN_SLOPE + slope, 0.0))


def stored_worth(planned: Floats, unit_ueur_kwh: Floats, found: Heads, at: Floats) -> Floats:
    """µ€ per stored kWh at shares `at` `[street, battery, rung]` of usable capacity.

    `planned` is the planner's scaled worth `[street, level]`. Falls with the share: a fuller battery values less.
    """
    levels = planned.shape[1]
    place = np.clip(at * levels - 0.5, 0.0, levels - 1 - 1e-6)
    below = place.astype(np.int64)
    part = place - below
    street = np.arange(len(planned))[:, None, None]
    base = planned[street, below] * (1 - part) + planned[street, below + 1] * part
    slope = falling(found.slope)
    rise = base + found.level[:, :, None] - slope[:, :, None] * (at - 0.5)
    return unscaled(rise, unit_ueur_kwh[:, None, None])


class Call(NamedTuple):
    """By street the share of what its batteries can give (`short`) or take (`spare`) that it needs of them to keep
    to its limits; by `[street, battery]` what a stored kWh brings at the retailer's price, and costs at the
    feed-in price, µ€.
    """

    short: Floats
    spare: Floats
    brings_ueur_kwh: Floats
    costs_ueur_kwh: Floats


def called(give: Floats, fill: Floats, call: Call) -> tuple[Floats, Floats]:
    """Worths to give and to fill `[street, battery, rung]` where the street needs its batteries at a full cable.

    Nobody pays a neighbour more than the retailer or sells to one below the feed-in price, so at a full cable
    energy of other worth would not move. There the nearest rungs, as many as all batteries together need, ask just
    less than the retailer, or pay just more than the feed-in price; and nobody does the opposite at that price.
    """
    less, more = (1 - NUDGE) * call.brings_ueur_kwh[:, :, None], (1 + NUDGE) * call.costs_ueur_kwh[:, :, None]
    nearest = np.arange(give.shape[2]) / give.shape[2]
    short, spare = call.short[:, None, None], call.spare[:, None, None]
    give = np.where(nearest < short, np.minimum(give, less), np.where(spare > 0, np.maximum(give, more), give))
    fill = np.where(nearest < spare, np.maximum(fill, more), np.where(short > 0, np.minimum(fill, less), fill))
    return give, fill


def must_charge(need_wh: Floats, slots_left: NDArray[np.int64], slot_wh: Floats) -> Floats:
    """By car what it takes in this slot in any case, so that it is ready (Wh); `slot_wh` is its most in a slot."""
    could = np.minimum(need_wh, slot_wh) * (slots_left > 0)
    return np.clip(need_wh - np.maximum(slots_left - 1, 0) * slot_wh, 0.0, could)


def cheapest_hours(prices: Floats) -> Floats:
    """`[n, hour]` prices to `[n, hours, k]`: the (k + 1)-th cheapest of the first hours + 1, then the dearest."""
    count, hours = prices.shape
    ranked = np.empty((count, hours, hours))
    for window in range(hours):
        inside = np.sort(prices[:, : window + 1], axis=1)
        ranked[:, window, : window + 1] = inside
        ranked[:, window, window + 1 :] = inside[:, -1:]
    return ranked


def car_worth(base_ueur_kwh: Floats, haste: Floats, found: Heads, features: Floats) -> Floats:
    """What charging now is worth to each car, µ€/kWh `[street, car]`.

    `base_ueur_kwh` is the price of the dearest hour that it needs of the cheapest ahead, `haste` the share of the
    time left that it needs; `features` are the street's, normed.
    """
    cars, net_now = features[:, SIZE - 3], features[:, SIZE - 2]
    always, by_haste, by_cars, by_net = np.moveaxis(found.car, 2, 0)
    says = always + by_haste * haste + by_cars * cars[:, None] + by_net * net_now[:, None]
    return np.asarray(base_ueur_kwh * np.exp(CAR_REACH * np.clip(says, -3, 3)) * (1 + HASTE * haste))


def hours_needed(
    need_wh: Floats, slots_left: NDArray[np.int64], car_w: Floats, hours: float, most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """By car: whole hours left and needed (from 0, for `cheapest_hours`), and its haste (0 to 1)."""
    left_h = np.maximum(slots_left * hours, hours)
    window = np.clip(np.ceil(left_h - 1e-9).astype(np.int64), 1, most)
    needed = np.clip(np.ceil(need_wh / car_w - 1e-9).astype(np.int64), 1, window)
    return window - 1, needed - 1, np.minimum(need_wh / (left_h * car_w), 1.0)
