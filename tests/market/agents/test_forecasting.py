"""The street's forecaster: it never looks ahead, knows gaps from zeros, beats what is simple, keeps its promises."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents.forecasting import RidgeModel, ShortHistory, Weather, fit, forecast_net_load
from tests.examples import examples

from .curves import history, is_weekend

HORIZON = 36


@cache
def fourteen_weeks():
    """Fourteen weeks across the autumn's clock change, and the model of the first twelve."""
    past = history(slots=24 * 7 * 14, zone="Europe/Madrid")
    return past, fit(past.until(24 * 7 * 12), HORIZON)


@pytest.fixture
def short():
    return fourteen_weeks()


@settings(max_examples=examples(25), deadline=None)
@given(cut=st.integers(24 * 80, 24 * 98), factor=st.sampled_from([0.0, 3.0, np.nan]))
def test_the_future_changes_no_earlier_forecast(cut, factor):
    past, model = fourteen_weeks()
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


def ahead(values, issues):
    """What came to be, as homes x issues x steps."""
    return np.stack([values[:, issues + step] for step in range(HORIZON)], axis=-1)


@pytest.fixture(scope="module")
def held_out():
    """Forecasts of the second half of the year by a model that learned from the first, and what came to be."""
    past = history()
    half = 24 * 7 * 26
    issues = np.arange(half, past.slots - HORIZON, 11)
    made = fit(past.until(half), HORIZON).predict_all(past, issues, quantiles=True)
    return past, issues, made


def test_held_out_weeks_are_foretold_better_than_by_persistence(held_out):
    past, issues, made = held_out
    net_wh = past.load_wh - past.pv_wh
    days_back = np.arange(HORIZON) // 24 + 1
    as_before = np.stack([net_wh[:, issues + step - 24 * days_back[step]] for step in range(HORIZON)], axis=-1)

    error, persistence = (np.abs(each - ahead(net_wh, issues)) for each in (made.net_wh, as_before))

    assert error[..., 0].mean() < 0.75 * persistence[..., 0].mean()
    assert error.mean() < 0.92 * persistence.mean()


def test_held_out_weeks_are_foretold_better_than_by_the_profile(held_out):
    past, issues, made = held_out
    net_wh = past.load_wh - past.pv_wh
    by_profile = np.stack(
        [
            forecast_net_load(
                net_wh[:, issue - 24 * 28 : issue],
                past.first + timedelta(hours=int(issue)),
                HORIZON,
                slot_minutes=60,
                zone=past.zone,
                is_rest_day=is_weekend,
            ).net_wh
            for issue in issues
        ],
        axis=1,
    )

    actual = ahead(net_wh, issues)
    error, profile = made.net_wh - actual, by_profile - actual
    street_error, street_profile = (np.sqrt((each.sum(axis=0) ** 2).mean()) for each in (error, profile))

    assert np.abs(error[..., 0]).mean() < 0.93 * np.abs(profile[..., 0]).mean()
    assert np.sqrt((error**2).mean()) < 0.98 * np.sqrt((profile**2).mean())
    assert street_error < 0.95 * street_profile


@pytest.mark.parametrize("part", ["load", "net"])
def test_eight_of_ten_held_out_slots_lie_between_the_quantiles_at_every_distance(held_out, part):
    past, issues, made = held_out
    actual = ahead({"load": past.load_wh, "net": past.load_wh - past.pv_wh}[part], issues)
    low, median, high = {"load": made.load_quantiles_wh, "net": made.net_quantiles_wh}[part]

    for steps in (slice(0, 1), slice(1, 6), slice(6, 24), slice(24, HORIZON)):
        inside = ((low <= actual) & (actual <= high))[..., steps].mean()
        below = (actual <= median)[..., steps].mean()
        assert 0.77 < inside < 0.84
        assert 0.45 < below < 0.6


def test_a_home_that_was_never_learned_from_is_foretold_nearly_as_well(held_out):
    past, issues, made = held_out
    strangers = [0, 3, 8, 11]
    others = [home for home in range(12) if home not in strangers]
    model = fit(past.until(24 * 7 * 26).of_homes(others), HORIZON)

    unseen = model.predict_all(past, issues).net_wh[strangers]

    actual = ahead(past.load_wh - past.pv_wh, issues)[strangers]
    assert np.abs(unseen - actual).mean() < 1.03 * np.abs(made.net_wh[strangers] - actual).mean()


@pytest.mark.parametrize("minutes", [15, 30])
def test_quarters_and_half_hours_are_foretold_as_their_hours_are(minutes):
    parts = 60 // minutes
    hourly = history(slots=24 * 42)
    finer = history(slots=24 * 42 * parts, minutes=minutes)

    by_hour = fit(hourly, 24).predict(hourly).net_wh[:, 0]
    made = fit(finer, 24 * parts).predict(finer).net_wh[:, 0]

    summed = made.reshape(12, 24, parts).sum(axis=2)
    assert np.abs(summed - by_hour).mean() < 0.2 * np.abs(by_hour).mean()


def test_a_gap_is_no_zero(short):
    past, model = short
    gap = slice(24 * 90 - 3, 24 * 90)
    missing, nothing = past.load_wh.copy(), past.load_wh.copy()
    missing[:, gap] = np.nan
    nothing[:, gap] = 0.0
    issue = np.array([24 * 90])

    whole, unknown, zero = (
        model.predict_all(replace(past, load_wh=load_wh), issue).load_wh[:, 0, 0]
        for load_wh in (past.load_wh, missing, nothing)
    )

    assert np.all(np.isfinite(unknown))
    assert zero.sum() < 0.8 * unknown.sum()
    assert np.abs(unknown - whole).sum() < np.abs(zero - whole).sum()


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 1.0), factor=st.floats(0.01, 100.0))
def test_whatever_is_missing_forecasts_are_finite_in_order_and_scale_with_the_home(seed, share, factor):
    past, model = fourteen_weeks()
    gaps = np.random.default_rng(seed).random(past.load_wh.shape) < share
    gappy = replace(past, load_wh=np.where(gaps, np.nan, past.load_wh), pv_wh=np.where(gaps, np.nan, past.pv_wh))
    issues = np.array([0, 5, 24 * 30, past.slots])

    made = model.predict_all(gappy, issues, quantiles=True)
    larger = model.predict_all(replace(gappy, load_wh=gappy.load_wh * factor, pv_wh=gappy.pv_wh * factor), issues)

    most_wh = 2 * max(past.load_wh.max(), past.pv_wh.max())
    for part in (made.load_wh, made.pv_wh):
        assert np.all((part >= 0) & (part < most_wh))
    assert np.all(np.diff(made.net_quantiles_wh, axis=0) >= 0)
    assert np.allclose(larger.net_wh, made.net_wh * factor, rtol=1e-3, atol=1e-2 * factor)


def test_a_home_without_panels_has_no_sun_and_no_roof_has_any_by_night(short):
    past, model = short
    made = model.predict_all(past, np.arange(24 * 60, 24 * 70), quantiles=True)

    assert not made.pv_wh[[1, 4, 6, 8, 11]].any()
    midnight = made.pv_quantiles_wh[:, :, 22::24, 0]  # 24:00 in Madrid is 22:00 UTC
    assert not midnight.any()
    assert made.pv_wh[0].max() > 1_000


def test_a_kept_model_foretells_as_before(short):
    past, model = short

    kept = RidgeModel.from_json(json.loads(json.dumps(model.to_json())))

    assert np.allclose(kept.predict(past).net_wh, model.predict(past).net_wh, atol=1.0)
    assert np.allclose(kept.predict(past).net_quantiles_wh, model.predict(past).net_quantiles_wh, atol=1.0)


def test_two_fits_of_one_history_are_the_same():
    past = history(slots=24 * 30)

    assert fit(past, 12).to_json() == fit(past, 12).to_json()


def test_a_fortnight_is_the_least_to_learn_from():
    with pytest.raises(ShortHistory, match="13 days"):
        fit(history(slots=24 * 13), HORIZON)

    assert fit(history(slots=24 * 14), HORIZON).load.shape[0] == HORIZON


def test_a_model_refuses_slots_of_another_length(short):
    with pytest.raises(ValueError, match="slots of 60 minutes, not 30"):
        short[1].predict(history(slots=24 * 40, minutes=30))


def test_a_weather_forecast_that_knows_the_clouds_foretells_the_sun_better():
    past = history(slots=24 * 7 * 12)
    chance = np.random.default_rng(3)
    clouds = np.repeat(chance.uniform(0.2, 1.0, past.slots // 6 + 12), 6)[: past.slots + HORIZON]
    hour = (np.arange(past.slots + HORIZON) + 0.5) % 24
    clear = np.maximum(np.sin((hour - 6) / 12 * np.pi), 0.0)
    sun = clear * clouds
    cloudy = replace(
        past, pv_wh=np.where(past.pv_wh.max(axis=1, keepdims=True) > 0, 3_000 * sun[: past.slots], 0.0)
    )
    told = replace(cloudy, weather=Weather(np.full(len(sun), 18.0), 900 * sun))
    half, issues = 24 * 7 * 8, np.arange(24 * 7 * 8, past.slots - HORIZON)
    actual = ahead(cloudy.pv_wh, issues)

    without, with_it, lost = (
        np.abs(model.predict_all(seen, issues).pv_wh - actual).mean()
        for model, seen in (
            (fit(cloudy.until(half), HORIZON), cloudy),
            (fit(told.until(half), HORIZON), told),
            (fit(told.until(half), HORIZON), cloudy),
        )
    )

    assert with_it < 0.5 * without
    assert lost < 1.6 * without  # a forecast that stops coming does little harm


def test_a_weather_forecast_of_a_few_days_is_not_learned_from():
    past = history(slots=24 * 30)
    few = np.full(past.slots + 12, np.nan)
    few[-24 * 10 :] = 15.0

    told = replace(past, weather=Weather(few, few))

    assert fit(told, 12).to_json() == fit(past, 12).to_json()
    assert fit(replace(past, weather=Weather(np.full(past.slots, 15.0), few)), 12).with_weather
