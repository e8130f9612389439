"""The street's forecaster: it never looks ahead, knows gaps from zeros, beats what is simple, keeps its promises."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents.forecasting import RidgeModel, ShortHistory, Weather, fit, forecast_net_load

from .curves import history, is_weekend

HORIZON = 36


@pytest.fixture(scope="module")
def short():
    """Ten weeks across the autumn's clock change, and the model of the first eight."""
    past = history(slots=24 * 7 * 14, zone="Europe/Madrid")
    return past, fit(past.until(24 * 7 * 12), HORIZON)


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(24 * 80, 24 * 98), factor=st.sampled_from([0.0, 3.0, np.nan]))
def test_the_future_changes_no_earlier_forecast(short, cut, factor):
    past, model = short
    load_wh, pv_wh = past.load_wh.copy(), past.pv_wh.copy()
    load_wh[:, cut:] *= factor
    pv_wh[:, cut:] *= factor
    issues = np.arange(cut - 30, cut + 1)

    before = model.predict_all(past, issues, quantiles=True)
    after = model.predict_all(replace(past, load_wh=load_wh, pv_wh=pv_wh), issues, quantiles=True)

    assert np.array_equal(before.net_wh, after.net_wh)
    assert np.array_equal(before.net_quantiles_wh, after.net_quantiles_wh)


def test_what_was_just_metered_changes_the_next_forecast(short):
    past, model = short
    load_wh = past.load_wh.copy()
    load_wh[:, 24 * 90] += 5_000

    before = model.predict_all(past, np.array([24 * 90, 24 * 90 + 1]))
    after = model.predict_all(replace(past, load_wh=load_wh), np.array([24 * 90, 24 * 90 + 1]))

    assert np.array_equal(before.net_wh[:, 0], after.net_wh[:, 0])
    assert np.all(after.net_wh[:, 1, 0] > before.net_wh[:, 1, 0])
