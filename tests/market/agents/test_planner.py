"""The planner's worth of stored energy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents.planner import LEVELS, Ahead, Store, worths
from market.agents.street import Fleet
from market.agents.yardsticks.programme import planned
from tests.examples import examples


def ahead(net, retail, stray=0.0, feed_in=50_000.0):
    net, retail = np.atleast_2d(np.array(net, float)), np.atleast_2d(np.array(retail, float))
    return Ahead(net, np.full(net.shape[1], stray), retail, np.full(net.shape, feed_in))


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=examples(25), deadline=None)
def test_worth_falls_as_the_store_fills(seed, limited):
    chance = np.random.default_rng(seed)
    limit = 6_000.0 if limited else np.inf
    store = Store(9_000.0, 5_000.0, 0.95, limit, limit)

    found = worths(store, ahead(chance.normal(500, 3_000, 24), chance.choice([8e4, 1.8e5], 24), 500.0),
                   np.array([76_000.0]))  # fmt: skip

    assert (np.diff(found, axis=1) <= 1.0).all()


def test_without_batteries_a_stored_kwh_counts_what_it_counts_at_the_end():
    found = worths(Store(0.0, 0.0, 0.95), ahead([500.0] * 5, [120_000.0] * 5), np.array([76_000.0]))

    assert found.tolist() == [[76_000.0] * LEVELS]


def test_a_kwh_that_will_replace_the_dear_hour_is_worth_its_price_less_the_loss():
    found = worths(
        Store(10_000.0, 10_000.0, 0.95), ahead([0.0, 5_000.0], [80_000.0, 180_000.0]), np.array([10_000.0])
    )

    # Up to 5 kWh / 0.95 are used in the dear hour; it could also be bought then: no, filling costs 80 before it.
    assert found[0, 0] == pytest.approx(80_000 / 0.95, rel=0.02)
    assert found[0, -1] == pytest.approx(50_000 * 0.95, rel=0.02)


def test_certain_hours_cost_what_the_linear_programme_says():
    net = np.array([-4_000.0, 1_000.0, 6_000.0, 3_000.0])
    retail, feed_in = np.array([80_000.0, 120_000.0, 180_000.0, 120_000.0]), np.full(4, 50_000.0)
    one = np.array([1.0])
    fleet = Fleet(8_000 * one, 8_000 * one, 8_000 * one, one, 0 * one, 0 * one)
    store = Store(8_000.0, 8_000.0, 1.0)

    worth = worths(store, ahead(net, retail), np.array([60_000.0]))[0]
    empty, full = (
        planned(fleet, net, retail, feed_in, [], np.array([stored]), end_ueur_kwh=60_000.0).cost_eur
        for stored in (0.0, 8_000.0)
    )

    assert worth.sum() * 8_000 / LEVELS / 1e9 == pytest.approx(empty - full, rel=1e-6)
