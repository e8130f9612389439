"""Advised coefficients: nobody worse off than today, as good as trying all, exact after rounding."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.settlement.apportion import apportion
from market.settlement.coefficients.adviser import FAIREST, MOST, Curves, advise, savings

MILLION = 1_000_000


def street(seed, members=3, hours=200):
    chance = np.random.default_rng(seed)
    sun = np.maximum(np.sin(np.arange(hours) / 24 * 2 * np.pi), 0) * chance.uniform(2_000, 9_000, hours)
    need = chance.uniform(0, 2_500, (hours, members))
    price = np.broadcast_to(chance.integers(90_000, 250_000, members), (hours, members))
    surplus = np.broadcast_to(chance.integers(0, 80_000, members), (hours, members))
    return Curves(sun.astype(np.int64), need.astype(np.int64), price.copy(), surplus.copy())


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.integers(2, 6), st.sampled_from([MOST, FAIREST]), st.data())
def test_nobody_saves_less_than_today_and_all_together_no_less(seed, members, aim, data):
    curves = street(seed, members)
    weights = data.draw(st.lists(st.integers(0, 9), min_size=members, max_size=members).filter(any))
    today = tuple(apportion(MILLION, weights))

    found = advise(curves, today, aim)

    assert sum(found.beta_ppm) == MILLION
    assert min(found.beta_ppm) >= 0
    assert found.saving_neur == savings(curves, found.beta_ppm)
    assert found.today_neur == savings(curves, today)
    assert all(new >= old for new, old in zip(found.saving_neur, found.today_neur, strict=True))
    assert found.gain_neur >= 0


@pytest.mark.parametrize("seed", range(4))
def test_it_is_as_good_as_trying_every_percent(seed):
    curves = street(seed, members=2, hours=96)

    found = advise(curves)

    tried = [savings(curves, (percent * 10_000, MILLION - percent * 10_000)) for percent in range(101)]
    best = max(sum(one) for one in tried)
    assert sum(found.saving_neur) >= best * 0.9995


@pytest.mark.parametrize("seed", range(3))
def test_the_fairest_leaves_the_last_with_as_much_as_any(seed):
    curves = street(seed, members=3, hours=96)

    found = advise(curves, aim=FAIREST)

    shares = [(a, b, 20 - a - b) for a, b in product(range(21), repeat=2) if a + b <= 20]
    best = max(min(savings(curves, tuple(part * 50_000 for part in one))) for one in shares)
    assert min(found.saving_neur) >= best * 0.99


def test_what_cannot_be_is_refused():
    curves = street(1)
    with pytest.raises(ValueError, match="Unknown aim"):
        advise(curves, aim="luck")
    with pytest.raises(ValueError, match="same hours"):
        Curves(curves.production_wh[:-1], curves.need_wh, curves.price_ueur_kwh, curves.surplus_ueur_kwh)
    with pytest.raises(ValueError, match="Need and prices"):
        Curves(curves.production_wh, curves.need_wh, curves.price_ueur_kwh[:-1], curves.surplus_ueur_kwh)
