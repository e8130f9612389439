"""The policy deciding for whole streets at once, as the simulator asks it."""

import numpy as np

from market.agents.policy.bids import (
    Call,
    Heads,
    called,
    car_worth,
    cheapest_hours,
    heads,
    hours_needed,
    must_charge,
    scaled,
    stored_worth,
)
from market.agents.policy.signals import HOURS, Scale, Signals, now
from market.agents.policy.weights import Weights
from market.agents.rungs import Floats, Rungs
from market.agents.street.fleet import Fleet, Ints, Weeks
from market.agents.street.live import Asked, State


class Crowd:
    """Homes that all follow shared weights; several sets of weights live side by side (`repeats`)."""

    def __init__(
        self, fleet: Fleet, weeks: Weeks, given: Signals, scale: Scale, weights: Weights, numbers: Floats
    ):
        """`given` are the signals of each week and slot, `[week · slot]`; `numbers` `[policy, SIZE]`."""
        self.repeats = len(numbers)
        self.fleet, self.weeks, self.scale, self.numbers = fleet, weeks, scale, numbers
        shape = (weeks.count, weeks.slots)
        self.planned = scaled(given.worth_ueur_kwh, given.unit_ueur_kwh[:, None]).reshape(*shape, -1)
        self.unit = given.unit_ueur_kwh.reshape(shape)
        self.street = given.street.reshape(*shape, -1)
        self.weights = weights
        self.hours = weeks.slot_minutes / 60
        self.ranked, self.tariff = _ranked(weeks, fleet)

    def __call__(self, state: State, rungs: Rungs) -> Asked:
        features = self.features(state)
        return self.asked(state, rungs, features, heads(self.numbers, features))

    def features(self, state: State) -> Floats:
        """What everybody may know of each street in a slot, normed, `[street, feature]`."""
        lived = now(
            state.stored_wh.sum(axis=1) / max(float(self.fleet.capacity_wh.sum()), 1.0),
            state.need_wh.sum(axis=1),
            state.net_wh.sum(axis=1) / self.hours,
            self.scale,
        )
        street = np.tile(self.street[:, state.slot], (self.repeats, 1))
        return self.weights.normed(np.concatenate((street, lived), axis=1))

    def asked(self, state: State, rungs: Rungs, features: Floats, found: Heads) -> Asked:
        """What every home answers, if `found` is what it makes of the features."""
        fleet, slot, cars = self.fleet, state.slot, self.fleet.cars
        planned = np.tile(self.planned[:, slot], (self.repeats, 1))
        unit = np.tile(self.unit[:, slot], self.repeats)
        car = np.zeros((len(unit), len(cars)))
        if len(cars):
            window, needed, haste = hours_needed(
                state.need_wh, state.slots_left, fleet.car_w[cars], self.hours, HOURS
            )
            week = np.tile(np.arange(self.weeks.count), self.repeats)[:, None]
            base = self.ranked[week, slot, self.tariff, window, needed]
            car = car_worth(base, haste, found, features)
        if not len(fleet.batteries):
            return Asked(rungs.give_at, rungs.fill_at, car)
        give, fill = (stored_worth(planned, unit, found, at) for at in (rungs.give_at, rungs.fill_at))
        call = self.call(state, rungs)
        if call.short.any() or call.spare.any():
            give, fill = called(give, fill, call)
        return Asked(give, fill, car)

    def call(self, state: State, rungs: Rungs) -> Call:
        """What each street needs of its batteries, if what flows in any case passes what it may take or give."""
        fleet, weeks, hours = self.fleet, self.weeks, self.hours
        must = must_charge(state.need_wh, state.slots_left, fleet.car_w[fleet.cars] * hours)
        taken = state.net_wh.sum(axis=1) + must.sum(axis=1)
        efficiency = fleet.efficiency[fleet.batteries]
        retail, feed_in = (
            np.tile(price[:, state.slot][:, fleet.batteries], (self.repeats, 1))
            for price in (weeks.import_ueur_kwh, weeks.feed_in_ueur_kwh)
        )
        gives, takes = (np.maximum(wh.sum(axis=(1, 2)), 1.0) for wh in (rungs.give_wh, rungs.fill_wh))
        return Call(
            np.maximum(taken - fleet.import_limit_w * hours, 0.0) / gives,
            np.maximum(-taken - fleet.export_limit_w * hours, 0.0) / takes,
            retail * efficiency,
            feed_in / efficiency,
        )


class OneApart:
    """Homes that follow one crowd, but for one that follows another."""

    def __init__(self, others: Crowd, own: Crowd, home: int):
        """Both crowds live in the same weeks as often; `home` counts in their fleet."""
        self.repeats, self.others, self.own = own.repeats, others, own
        self.battery, self.car = others.fleet.batteries == home, others.fleet.cars == home

    def __call__(self, state: State, rungs: Rungs) -> Asked:
        others, own = self.others(state, rungs), self.own(state, rungs)
        return Asked(
            np.where(self.battery[:, None], own.give, others.give),
            np.where(self.battery[:, None], own.fill, others.fill),
            np.where(self.car, own.car, others.car),
        )


def _ranked(weeks: Weeks, fleet: Fleet) -> tuple[Floats, Ints]:
    """`cheapest_hours` of each week, slot and tariff, and each car's tariff; the last day counts once more."""
    if not len(fleet.cars):
        return np.zeros((weeks.count, weeks.slots, 0, 0, 0)), np.zeros(0, dtype=np.int64)
    every = 60 // weeks.slot_minutes
    prices, tariff = np.unique(
        weeks.import_ueur_kwh[..., fleet.cars].reshape(-1, len(fleet.cars)), axis=1, return_inverse=True
    )
    prices = prices.reshape(weeks.count, weeks.slots, -1)
    longer = np.concatenate((prices, prices[:, -HOURS * every :]), axis=1)
    places = np.arange(weeks.slots)[:, None] + every * np.arange(HOURS)
    ahead = np.moveaxis(longer[:, places], 3, 2)
    return cheapest_hours(ahead.reshape(-1, HOURS)).reshape(*ahead.shape, HOURS), tariff.ravel()
