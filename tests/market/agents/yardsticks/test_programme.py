"""The yardsticks: cases that can be solved by hand, and their order."""

from dataclasses import replace

import numpy as np
import pytest

from market.agents.planner import Ahead
from market.agents.street import Fleet, Weeks
from market.agents.yardsticks.alone import alone
from market.agents.yardsticks.foresight import foresight
from market.agents.yardsticks.mpc import mpc
from market.agents.yardsticks.programme import Session, planned

FEED_IN = 50_000.0


def street(*, limit_w=np.inf):
    """One home with a battery without losses (4 kWh, 2 kW), one with a charger of 3 kW."""
    first, second = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    return Fleet(
        4_000 * first, 2_000 * first, 2_000 * first, np.ones(2), 0 * first, 3_000 * second, limit_w, limit_w
    )


def solve(net, retail, sessions=(), stored=0.0, **limits):
    net, retail = np.array(net, float), np.array(retail, float)
    return planned(street(**limits), net, retail, np.full(len(net), FEED_IN), list(sessions), np.array([stored]),
                   end_ueur_kwh=0.0)  # fmt: skip


def test_buys_the_cheap_hour_for_the_dear_one():
    found = solve([0, 1_500], [100_000, 200_000])

    assert found.cost_eur == pytest.approx(0.15)
    assert found.battery_wh[0] == pytest.approx([1_500, -1_500])


def test_keeps_surplus_rather_than_sell_it_cheaply():
    found = solve([-3_000, 2_500], [100_000, 200_000])

    # 2 kW of power: 2 kWh are kept, 1 sold at 0.05, 0.5 bought at 0.20.
    assert found.cost_eur == pytest.approx(-0.05 + 0.10)


def test_a_car_takes_the_cheapest_hours_before_it_leaves():
    found = solve([0, 0, 0], [200_000, 100_000, 50_000], [Session(1, 0, 2, 4_000)])

    assert found.session_wh[0] == pytest.approx([1_000, 3_000])
    assert found.missing_kwh == pytest.approx(0)


def test_a_limit_spreads_what_it_can_and_names_what_it_cannot():
    spread = solve([1_000, 3_000], [100_000, 100_000], limit_w=2_000.0)
    broken = solve([5_000, 0], [100_000, 100_000], limit_w=2_000.0)

    assert spread.broken_kwh == pytest.approx([0, 0], abs=1e-9)
    assert spread.battery_wh[0] == pytest.approx([1_000, -1_000])
    assert broken.broken_kwh == pytest.approx([3, 0])


def weeks(seed):
    chance, hour = np.random.default_rng(seed), np.arange(24)
    net = chance.normal(0, 1_200, (2, 24, 2))
    retail = np.where((hour >= 18) & (hour < 22), 180_000.0, 90_000.0)
    shape = net.shape
    arrives, leaves = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    arrives[:, 12, 1], leaves[:, 12, 1] = 5_000.0, 22
    return Weeks(
        net, np.broadcast_to(retail[None, :, None], shape).copy(), np.full(shape, FEED_IN), arrives, leaves
    )


@pytest.mark.parametrize("seed", range(4))
def test_foresight_is_never_dearer_than_planning_anew_and_that_not_dearer_than_alone(seed):
    happens, fleet = weeks(seed), street()
    hours = np.minimum(np.arange(24)[:, None] + np.arange(1, 13), 23)
    total, retail = happens.net_wh.sum(axis=2), happens.import_ueur_kwh.mean(axis=2)
    known = Ahead(*(part.reshape(48, 12) if part.ndim == 3 else part for part in (
        total[:, hours], np.zeros(12), retail[:, hours], np.full((2, 24, 12), FEED_IN))))  # fmt: skip

    best = foresight(fleet, happens, end_ueur_kwh=80_000.0)
    steered = mpc(fleet, happens, known, end_ueur_kwh=80_000.0, hours=12)
    baseline = alone(fleet, happens, end_ueur_kwh=80_000.0)

    assert (best.cost_eur <= steered.cost_eur + 1e-9).all()
    assert (steered.cost_eur <= baseline.netted_eur + 1e-9).all()
    assert steered.unserved_kwh == pytest.approx(0, abs=1e-6)
    assert best.missing_kwh == pytest.approx(0, abs=1e-6)


def test_a_load_stays_off_where_energy_is_dearer_than_it_is_worth():
    fleet = replace(street(), capacity_wh=np.zeros(2), load_ueur_kwh=np.array([0.0, 150_000.0]))
    shape, wishes = (1, 3, 2), np.zeros((1, 3, 2))
    wishes[0, :, 1] = 1_000.0
    net, retail = (
        np.zeros(shape),
        np.repeat([[[100_000.0]], [[200_000.0]], [[200_000.0]]], 2, axis=2).reshape(shape),
    )
    net[0, 2, 0] = -1_000.0  # in the last hour the neighbour has sun
    happens = Weeks(net, retail, np.full(shape, FEED_IN), np.zeros(shape), np.zeros(shape, int), wishes_wh=wishes)

    found = foresight(fleet, happens, end_ueur_kwh=0.0)

    # runs for 0.10, stays off for its worth of 0.15, runs on the neighbour's sun
    assert found.cost_eur == pytest.approx([0.25])
    assert alone(fleet, happens, end_ueur_kwh=0.0).bill_eur.sum() == pytest.approx(0.10 + 0.15 + 0.15 - 0.05)
