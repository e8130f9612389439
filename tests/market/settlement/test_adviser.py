"""Advised coefficients: nobody worse off than today, as good as trying all, exact after rounding."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.settlement.apportion import apportion
from market.settlement.coefficients.adviser import FAIREST, MOST, advise
from market.settlement.coefficients.curves import Curves, clock_groups, savings
from tests.examples import examples

MILLION = 1_000_000


def street(seed, members=3, hours=200):
    chance = np.random.default_rng(seed)
    sun = np.maximum(np.sin(np.arange(hours) / 24 * 2 * np.pi), 0) * chance.uniform(2_000, 9_000, hours)
    need = chance.uniform(0, 2_500, (hours, members))
    price = np.broadcast_to(chance.integers(90_000, 250_000, members), (hours, members))
    surplus = np.broadcast_to(chance.integers(0, 80_000, members), (hours, members))
    return Curves(sun.astype(np.int64), need.astype(np.int64), price.copy(), surplus.copy())


@settings(deadline=None, max_examples=examples(15))
@given(st.integers(0, 10**6), st.integers(2, 6), st.sampled_from([MOST, FAIREST]), st.data())
def test_nobody_saves_less_than_today_and_all_together_no_less(seed, members, aim, data):
    curves = street(seed, members)
    weights = data.draw(st.lists(st.integers(0, 9), min_size=members, max_size=members).filter(any))
    today = np.array(apportion(MILLION, weights))
    group = np.arange(200) % 24 if data.draw(st.booleans()) else None

    found = advise(curves, today, aim, group)

    if found is None:
        return
    if group is not None:
        assert (found.rows_ppm.sum(axis=1) == MILLION).all()
        assert found.saving_neur == savings(curves, found.rows_ppm[group])
        assert all(new >= old for new, old in zip(found.saving_neur, found.today_neur, strict=True))
        return
    assert sum(found.beta_ppm) == MILLION
    assert min(found.beta_ppm) >= 0
    assert found.saving_neur == savings(curves, np.array(found.beta_ppm))
    assert found.today_neur == savings(curves, today)
    assert all(new >= old for new, old in zip(found.saving_neur, found.today_neur, strict=True))
    assert found.gain_neur >= 0


@pytest.mark.parametrize("seed", range(4))
def test_it_is_as_good_as_trying_every_percent(seed):
    curves = street(seed, members=2, hours=96)

    found = advise(curves)

    tried = [savings(curves, np.array([percent * 10_000, MILLION - percent * 10_000])) for percent in range(101)]
    best = max(sum(one) for one in tried)
    assert sum(found.saving_neur) >= best * 0.9995


@pytest.mark.parametrize("seed", range(3))
def test_the_fairest_leaves_the_last_with_as_much_as_any(seed):
    curves = street(seed, members=3, hours=96)

    found = advise(curves, aim=FAIREST)

    shares = [(a, b, 20 - a - b) for a, b in product(range(21), repeat=2) if a + b <= 20]
    best = max(min(savings(curves, np.array(one) * 50_000)) for one in shares)
    assert min(found.saving_neur) >= best * 0.99


@pytest.mark.parametrize("aim", [MOST, FAIREST])
def test_hourly_coefficients_save_at_least_as_much_as_fixed_ones(aim):
    curves = street(5, members=4, hours=480)
    clock = np.arange(480) % 24

    fixed, hourly = advise(curves, aim=aim), advise(curves, aim=aim, group=clock)
    known = advise(curves, np.array(fixed.beta_ppm), aim, clock)

    worth = sum if aim == MOST else min
    assert worth(hourly.saving_neur) >= worth(fixed.saving_neur)
    assert hourly.rows_ppm.shape == (24, 4)
    assert known is not None
    assert known.gain_neur > 0


def test_each_single_hour_reaches_what_can_be_shared_at_all():
    curves = street(6, members=3, hours=60)
    one_price = Curves(
        curves.production_wh, curves.need_wh, np.full_like(curves.need_wh, 200_000), np.zeros_like(curves.need_wh)
    )

    found = advise(one_price, group=np.arange(60))

    shared = np.minimum(one_price.production_wh, one_price.need_wh.sum(axis=1)).sum() * 200_000
    assert sum(found.saving_neur) >= shared - 60 * 3 * 200_000, "but for a Wh each hour"


def test_nothing_better_than_the_best_is_advised():
    curves = street(7)
    best = advise(curves)
    again = advise(curves, np.array(best.beta_ppm))
    assert again is None or again.gain_neur < 0.001 * sum(best.saving_neur)


def test_hours_of_the_clock_are_grouped_by_month_and_kind_of_day():
    groups = clock_groups(np.array([0, 23, 0, 0]), np.array([1, 12, 1, 2]), np.array([0, 1, 1, 0]))
    assert groups.tolist() == [0, 575, 24, 48]


def test_what_cannot_be_is_refused():
    curves = street(1)
    with pytest.raises(ValueError, match="Number each of the 200 hours"):
        advise(curves, group=np.zeros(5, dtype=np.int64))
    with pytest.raises(ValueError, match="by hour and member"):
        savings(curves, np.array([1, 2]))
    with pytest.raises(ValueError, match="Unknown aim"):
        advise(curves, aim="luck")
    with pytest.raises(ValueError, match="same hours"):
        Curves(curves.production_wh[:-1], curves.need_wh, curves.price_ueur_kwh, curves.surplus_ueur_kwh)
    with pytest.raises(ValueError, match="Need and prices"):
        Curves(curves.production_wh, curves.need_wh, curves.price_ueur_kwh[:-1], curves.surplus_ueur_kwh)
