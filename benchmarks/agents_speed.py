"""How long one slot of a street takes: the public signals, and what all homes make of them."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks import street_of_homes as street
from benchmarks.street_lessons import Case, Town, ahead_of
from market.agents.planner import Store
from market.agents.policy.signals import scale_of, signals
from market.agents.policy.weights import Weights
from market.agents.rungs import battery_rungs
from market.agents.street import State
from market.agents.training.crowd import Crowd

ROUNDS = 40
SLOT = street.TRAINED_WEEKS * street.WEEK + 18  # a Monday evening


def figures(known: Town, weights: Weights) -> dict[str, float]:
    """Milliseconds a slot by the number of homes; streets larger than the data repeat its homes."""
    return {f"ms_per_slot_{homes}_homes": _slot(known, weights, homes) for homes in (17, 1_000)}


def _slot(known: Town, weights: Weights, homes: int) -> float:
    chosen = [home % known.count for home in range(homes)]
    fleet = street.fleet(homes)
    week = street.weeks(known.homes, street.prices(known.hours)).pick([SLOT // street.WEEK]).of(chosen)
    ahead = ahead_of(known, list(range(known.count)), np.array([SLOT]), Case())
    ahead = ahead._replace(net_wh=ahead.net_wh * homes / known.count)
    store = Store(fleet.usable_wh, float(fleet.discharge_w.sum()), street.EFFICIENCY, fleet.import_limit_w)
    scale = scale_of(float(fleet.capacity_wh.sum()), homes, fleet.import_limit_w)
    price = street.prices(known.hours)[0]
    unit = np.array([price.mean()])

    def given():
        return signals(store, ahead, price[SLOT : SLOT + 1], unit, scale)

    week = week.pick([0])
    one = given()
    crowd = Crowd(fleet, week, type(one)(*(np.repeat(part, street.WEEK, axis=0) for part in one)), scale, weights,
                  weights.numbers[None])  # fmt: skip
    stored = 0.5 * fleet.capacity_wh[fleet.batteries][None]
    cars = len(fleet.cars)
    slot = SLOT % street.WEEK
    state = State(slot, stored, np.full((1, cars), 6_000.0), np.full((1, cars), 12), week.net_wh[:, slot])

    def decided() -> None:
        given()
        crowd(state, battery_rungs(stored, fleet, fleet.batteries, 1.0))

    return 1e3 * _median(decided)


def _median(act: Callable[[], object]) -> float:
    spent = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        act()
        spent.append(time.perf_counter() - begun)
    return float(np.median(spent))
