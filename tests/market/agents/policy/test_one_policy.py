"""The same weights say the same at home and in the simulator: for any street, state and signals."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents.devices import Battery, EvCharger
from market.agents.policy.guide import Kept, Message, battery_guides, car_worths
from market.agents.policy.signals import FEATURES, HOURS, NOW, STREET, Scale, Signals, now
from market.agents.policy.weights import SIZE, Weights, planner_only
from market.agents.rungs import battery_rungs
from market.agents.street import Fleet, State, Weeks
from market.agents.training.crowd import Crowd
from tests.examples import examples

many = settings(max_examples=examples(60), deadline=None)
UNIT = 120_000.0


@st.composite
def streets(draw):
    """A fleet with its state in a slot, public signals and random weights."""
    chance = np.random.default_rng(draw(st.integers(0, 10**6)))
    homes, minutes = draw(st.integers(1, 5)), draw(st.sampled_from([15, 30, 60]))
    capacity = chance.integers(2, 15, homes) * 1_000.0
    fleet = Fleet(
        capacity_wh=capacity,
        charge_w=chance.integers(1, 8, homes) * 1_000.0,
        discharge_w=chance.integers(1, 8, homes) * 1_000.0,
        efficiency=chance.integers(80, 100, homes) / 100,
        reserve_wh=np.floor(capacity * 0.1),
        car_w=chance.choice([0.0, 3_700.0, 7_400.0], homes),
        import_limit_w=float(draw(st.sampled_from([2_000, 8_000, 10**6]))),
        export_limit_w=float(draw(st.sampled_from([1_000, 10**6]))),
    )
    slots = HOURS * 60 // minutes
    prices = np.repeat(chance.integers(60, 260, (1, slots, 1)) * 1_000.0, homes, axis=2)
    zero = np.zeros((1, slots, homes))
    weeks = Weeks(zero, prices, zero, zero, zero.astype(np.int64), minutes)
    weights = planner_only()
    numbers = chance.normal(0, 0.3, SIZE)
    weights = Weights(
        numbers, chance.normal(0, 1, len(weights.mean)), chance.uniform(0.5, 2, len(weights.mean)), {}
    )
    worth = np.sort(chance.uniform(40_000, 200_000, (1, 20)))[:, ::-1]
    given = Signals(
        np.repeat(worth, slots, 0),
        np.full(slots, UNIT),
        np.repeat(chance.normal(0, 1, (1, len(STREET))), slots, 0),
    )
    stored = np.floor(fleet.reserve_wh + chance.uniform(0, 1, homes) * (capacity - fleet.reserve_wh))
    need = np.floor(chance.uniform(500, 20_000, (1, len(fleet.cars))))
    left = chance.integers(1, slots, (1, len(fleet.cars)))
    net = chance.normal(0, 2_000, (1, homes))
    return fleet, weeks, weights, given, State(0, stored[None], need, left, net)


@many
@given(streets())
def test_a_home_is_told_what_the_simulated_home_is_told(street):
    fleet, weeks, weights, signals, state = street
    scale = Scale(20_000.0, 9_000.0)
    hours = weeks.slot_minutes / 60
    crowd = Crowd(fleet, weeks, signals, scale, weights, weights.numbers[None])
    rungs = battery_rungs(state.stored_wh, fleet, fleet.batteries, hours)

    simulated = crowd(state, rungs)

    lived = now(
        np.array([state.stored_wh.sum() / fleet.capacity_wh.sum()]),
        state.need_wh.sum(axis=1),
        state.net_wh.sum(axis=1) / hours,
        scale,
    )
    needed = crowd.call(state, rungs)
    message = Message.of(
        Signals(*(values[:1] for values in signals)), lived, float(needed.short[0]), float(needed.spare[0])
    )
    batteries = [
        Kept(
            Battery(
                home,
                int(fleet.capacity_wh[home]),
                int(fleet.charge_w[home]),
                int(fleet.discharge_w[home]),
                round(fleet.efficiency[home] * 1e6),
                int(state.stored_wh[0, home]),
            ),
            int(fleet.reserve_wh[home]),
            int(weeks.import_ueur_kwh[0, 0, home]),
            int(weeks.feed_in_ueur_kwh[0, 0, home]),
        )
        for home in fleet.batteries
    ]  # fmt: skip
    guides = battery_guides(message, weights, batteries, weeks.slot_minutes)
    for i, guide in enumerate(guides):
        for side, worth, energy in (
            (guide.fill, simulated.fill[0, i], rungs.fill_wh[0, i]),
            (guide.give, simulated.give[0, i], rungs.give_wh[0, i]),
        ):
            told = [(int(price), int(wh)) for price, wh in zip(worth, energy, strict=True) if wh >= 1]
            assert list(side) == told
    cars = [
        (EvCharger(home, int(fleet.car_w[home]), True, int(state.need_wh[0, i])), int(state.slots_left[0, i]))
        for i, home in enumerate(fleet.cars)
    ]
    ahead = weeks.import_ueur_kwh[0, :: 60 // weeks.slot_minutes][:HOURS, fleet.cars].T
    assert car_worths(message, weights, cars, ahead, weeks.slot_minutes) == [
        int(worth) for worth in simulated.car[0]
    ]


@many
@given(streets())
def test_a_cause_is_what_the_worth_would_lose_without_it(street):
    _fleet, _weeks, weights, signals, _state = street
    message = Message.of(Signals(*(values[:1] for values in signals)), np.full((1, len(NOW)), 0.3))
    battery = [Kept(Battery(1, 10_000, 5_000, 5_000, 950_000, 6_000), 1_000, 200_000, 50_000)]

    (guide,) = battery_guides(message, weights, battery, 15)

    sizes = [abs(cause.added_ueur_kwh) for cause in guide.causes]
    assert len(sizes) <= 2
    assert sizes == sorted(sizes, reverse=True)
    for cause in guide.causes:
        place = FEATURES.index(cause.code)
        numbers = weights.numbers.copy()
        numbers[[place, len(FEATURES) + place]] = 0.0
        (without,) = battery_guides(message, replace(weights, numbers=numbers), battery, 15)
        assert guide.worth_ueur_kwh - without.worth_ueur_kwh == pytest.approx(cause.added_ueur_kwh, abs=300)
