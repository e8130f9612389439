"""Load and PV out of a meter that shows only their difference: known where it can be, estimated with care."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents.forecasting.split import parts
from tests.examples import examples

from .curves import PEAK_KW, history

PEAK_W = np.array([1_000.0 * PEAK_KW.get(home, 0.0) for home in range(12)])
SUNNY = sorted(PEAK_KW)


@cache
def sixty_days():
    past = history(slots=24 * 60)
    return past, past.load_wh - past.pv_wh, past.calendar(0)


@pytest.fixture
def street():
    return sixty_days()


def unmetered(net_wh):
    return np.full(net_wh.shape, np.nan)


def test_the_parts_of_homes_without_panels_are_known(street):
    _past, net_wh, calendar = street

    load_wh, pv_wh = parts(net_wh, unmetered(net_wh), PEAK_W, calendar)

    dark = [home for home in range(12) if home not in SUNNY]
    assert not pv_wh[dark].any()
    assert np.array_equal(load_wh[dark], net_wh[dark])


def test_a_meter_of_the_panels_is_believed_and_lends_its_yield_to_its_neighbours(street):
    past, net_wh, calendar = street
    metered = unmetered(net_wh)
    metered[SUNNY[0]] = past.pv_wh[SUNNY[0]]

    _load, pv_wh = parts(net_wh, metered, PEAK_W, calendar)

    assert np.array_equal(pv_wh[SUNNY[0]], past.pv_wh[SUNNY[0]])
    assert np.abs(pv_wh - past.pv_wh)[SUNNY].sum() < 0.2 * past.pv_wh[SUNNY].sum()


def test_without_any_meter_of_panels_the_yield_is_a_rough_estimate_and_no_more(street):
    past, net_wh, calendar = street

    _load, pv_wh = parts(net_wh, unmetered(net_wh), PEAK_W, calendar)

    assert 0.7 < pv_wh[SUNNY].sum() / past.pv_wh[SUNNY].sum() < 1.3
    assert np.corrcoef(pv_wh[SUNNY].sum(axis=0), past.pv_wh[SUNNY].sum(axis=0))[0, 1] > 0.95
    night = calendar.place < 5
    assert pv_wh[SUNNY][:, night].sum() < 0.01 * pv_wh[SUNNY].sum()


@settings(max_examples=examples(30), deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 1.0))
def test_the_parts_always_make_the_net_load_and_no_sun_is_less_than_what_was_given(seed, share):
    _past, net_wh, calendar = sixty_days()
    chance = np.random.default_rng(seed)
    net_wh = np.where(chance.random(net_wh.shape) < share, np.nan, net_wh)

    load_wh, pv_wh = parts(net_wh, unmetered(net_wh), PEAK_W * chance.integers(0, 2, 12), calendar)

    known = ~np.isnan(net_wh)
    assert np.array_equal(known, ~np.isnan(load_wh))
    assert np.allclose((load_wh - pv_wh)[known], net_wh[known])
    assert np.all(load_wh[known] >= -1e-9)
    assert np.all(pv_wh[known] >= np.maximum(-net_wh[known], 0))
