"""What the policy makes of signals: worths that fall, prices that only scale, cars that get ready."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents.policy.bids import Call, Heads, called, cheapest_hours, must_charge, scaled, stored_worth
from market.agents.policy.weights import SIZE, planner_only
from tests.examples import examples
from tests.market.agents.small_street import small_lesson


@given(st.lists(st.floats(10_000, 400_000), min_size=20, max_size=20), st.floats(-3, 3), st.floats(-2, 2))
@settings(max_examples=examples(60), deadline=None)
def test_a_fuller_battery_values_less(planned, level, slope):
    falling = np.sort(np.array(planned))[::-1][None]
    unit = np.array([117_000.0])
    at = np.linspace(0, 1, 9)[None, None]

    found = stored_worth(
        scaled(falling, unit[:, None]),
        unit,
        Heads(np.array([[level]]), np.array([[slope]]), np.zeros((1, 1, 4))),
        at,
    )

    if slope >= -0.5:
        assert (np.diff(found[0, 0]) <= 1e-6).all()


def test_cheapest_hours_ranks_each_window():
    found = cheapest_hours(np.array([[3.0, 1.0, 2.0]]))

    assert found[0].tolist() == [[3, 3, 3], [1, 3, 3], [1, 2, 3]]


def test_a_car_must_charge_what_later_hours_cannot_bring():
    found = must_charge(np.array([[9_000.0, 9_000.0, 20_000.0]]), np.array([[2, 3, 2]]), np.array([7_000.0] * 3))

    assert found.tolist() == [[2_000.0, 0.0, 7_000.0]]


def test_a_full_cable_calls_as_many_rungs_as_it_needs():
    worth = np.array([[[150_000.0] * 4, [20_000.0] * 4]])
    none, price = np.zeros(1), np.full((1, 2), 1.0)

    short = called(worth, worth, Call(np.array([0.375]), none, 100_000 * price, 50_000 * price))
    spare = called(worth, worth, Call(none, np.array([0.625]), 100_000 * price, 50_000 * price))

    assert (short[0][0] < 100_000).sum(axis=1).tolist() == [2, 4]
    assert (short[1] < 100_000).all()
    assert (spare[1][0] > 50_000).sum(axis=1).tolist() == [4, 3]
    assert (spare[0] > 50_000).all()


def test_doubled_prices_change_no_decision():
    chance = np.random.default_rng(4)
    numbers = chance.normal(0, 0.5, (1, SIZE))

    plain, doubled = (
        small_lesson(prices, limit_w=6_000.0).lived(planner_only(), numbers) for prices in (1.0, 2.0)
    )

    assert doubled.stored_wh == pytest.approx(plain.stored_wh, abs=1e-6)
    assert doubled.home_wh == pytest.approx(plain.home_wh, abs=1e-6)
    assert doubled.cost_eur == pytest.approx(2 * plain.cost_eur)
