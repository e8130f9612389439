"""From a street's past to lessons: gaps, weeks that count, forecasts that do not look ahead, and a whole verdict."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents.policy.weights import planner_only
from market.agents.street import Fleet
from market.agents.training.course import WEEK, Past, course_of, fill, history_of
from market.agents.training.deviation import Search
from market.agents.training.exploited import exploited
from market.agents.training.foretold import STEPS, by_profile, foretold
from market.agents.training.gate import CHALLENGER, CHAMPION, RULE, Homes, judge
from market.agents.training.regret import regret
from market.agents.training.replay import replay
from market.agents.training.search import Recipe, normed, train
from market.agents.yardsticks.rule import Rule
from tests.examples import examples
from tests.weeks import hourly

MADRID = ZoneInfo("Europe/Madrid")
FIRST = datetime(2026, 6, 7, 22, tzinfo=UTC)  # a Monday's midnight in Madrid


def is_weekend(day):
    return day.weekday() >= 5


def past(weeks=10, net=None, stays=(), import_limit_w=float("inf")):
    hours = WEEK * weeks
    net = hourly(4, hours) if net is None else net
    arrives, leaves = np.zeros((hours, 4)), np.zeros((hours, 4), dtype=np.int64)
    for hour, home, need, until in stays:
        arrives[hour, home], leaves[hour, home] = need, until
    hour = np.arange(hours) % 24
    price = np.where((hour >= 10) & (hour < 22), 200_000.0, 90_000.0)
    return Past(
        homes=Homes((1, 2, 3, 4), ("both", "battery", "panels", "none")),
        fleet=Fleet(
            capacity_wh=np.array([10_000.0, 10_000, 0, 0]),
            charge_w=np.array([5_000.0, 5_000, 0, 0]),
            discharge_w=np.array([5_000.0, 5_000, 0, 0]),
            efficiency=np.array([0.95, 0.95, 1, 1]),
            reserve_wh=np.array([1_000.0, 1_000, 0, 0]),
            car_w=np.array([0.0, 0, 0, 7_400 if stays else 0]),
            import_limit_w=import_limit_w,
        ),
        net_wh=net,
        metered_pv_wh=np.full_like(net, np.nan),
        peak_w=np.array([4_000.0, 0, 4_000, 0]),
        import_ueur_kwh=np.repeat(price[:, None], 4, axis=1),
        feed_in_ueur_kwh=np.full((hours, 4), 50_000.0),
        arrives_wh=arrives,
        leaves=leaves,
        first=FIRST,
        zone=MADRID,
    )


@given(st.integers(24, 2 * WEEK - 1), st.floats(-3_000, 3_000))
@settings(max_examples=examples(15))
def test_no_profile_knows_what_comes_after_it(hour, energy):
    history = history_of(past(2), is_weekend)
    net = (history.load_wh - history.pv_wh).sum(axis=0)
    changed = net.copy()
    changed[hour:] += energy

    before, after = (by_profile(values, history.calendar(STEPS)) for values in (net, changed))

    assert before.shape == (len(net), STEPS)
    assert np.array_equal(before[: hour + 1], after[: hour + 1])


@given(st.integers(WEEK * 3, WEEK * 4 - 1))
@settings(max_examples=examples(5), deadline=None)
def test_no_forecaster_knows_what_comes_after_it(hour):
    history = history_of(past(4), is_weekend)
    changed = replace(history, load_wh=history.load_wh.copy())
    changed.load_wh[:, hour:] += 500

    before, after = (foretold(one, WEEK * 3) for one in (history, changed))

    assert before.shape == (WEEK * 4, STEPS)
    assert np.array_equal(before[: hour + 1], after[: hour + 1])


def test_a_street_that_is_the_same_each_day_is_foretold_exactly():
    day = 500 + 400 * np.sin(np.arange(24))
    history = history_of(past(3, np.repeat(np.tile(day, 21)[:, None], 4, axis=1) / 4), lambda _: False)

    said = by_profile((history.load_wh - history.pv_wh).sum(axis=0), history.calendar(STEPS))

    hours = np.arange(48, 72)
    assert said[hours] == pytest.approx(day[(hours[:, None] + np.arange(STEPS)) % 24])


def test_gaps_take_what_the_home_usually_takes_in_that_hour_of_the_week():
    net = np.tile(np.arange(float(WEEK)), 3)[:, None]
    net[WEEK + 5] = np.nan
    net[np.arange(3) * WEEK + 100] = np.nan

    filled = fill(net)

    assert filled[WEEK + 5, 0] == 5.0
    assert filled[100, 0] == pytest.approx(np.nanmean(net.reshape(21, 24)[:, 100 % 24]))
    assert fill(np.full((WEEK, 1), np.nan)).tolist() == [[0.0]] * WEEK


def test_weeks_with_more_than_a_tenth_of_gaps_do_not_count_and_a_home_that_came_later_spoils_none():
    net = hourly(4, WEEK * 10)
    net[WEEK * 4 : WEEK * 4 + 24, :] = np.nan
    net[WEEK * 6 : WEEK * 6 + 40, 1] = np.nan
    net[: WEEK * 5, 3] = np.nan

    course = course_of(past(10, net), is_weekend)

    assert 4 not in course.usable, "a whole day of all homes is missing"
    assert set(course.usable) == {1, 2, 3, 5, 6, 7, 8, 9}
    assert course.trains
    assert course.held_out == (6, 7, 8, 9)
    assert course.training == (1, 2, 3, 5)
    assert not np.isnan(course.lesson.weeks.net_wh).any()


def test_too_few_weeks_train_nobody_but_all_of_them_are_tried():
    course = course_of(past(5), is_weekend)

    assert not course.trains
    assert course.held_out == course.usable == (1, 2, 3, 4)


@pytest.mark.parametrize("days", [0, 1, 6])
def test_weeks_end_with_the_last_day_that_was_delivered(days):
    net = hourly(4, WEEK * 6)
    net[len(net) - 24 * days :] = np.nan

    given = past(6, net).delivered()

    assert len(given.net_wh) % WEEK == 0
    assert np.array_equal(given.net_wh[-24:], net[len(net) - 24 * (days + 1) : len(net) - 24 * days])
    assert len(given.net_wh) == WEEK * 5


def test_a_past_begins_with_the_first_reading():
    net = hourly(4, WEEK * 6)
    net[: WEEK * 3 + 30] = np.nan

    given = past(6, net).delivered()

    assert len(given.net_wh) == WEEK * 3
    assert (given.first - FIRST).days == 21


def test_a_car_stays_inside_its_week_and_needs_no_more_than_it_can_take():
    course = course_of(
        past(3, stays=[(WEEK - 2, 3, 30_000.0, WEEK + 8), (WEEK + 20, 3, 9_000.0, WEEK + 32)]), is_weekend
    )

    weeks = course.lesson.weeks
    assert (weeks.arrives_wh[0, WEEK - 2, 3], weeks.leaves[0, WEEK - 2, 3]) == (14_800.0, WEEK)
    assert (weeks.arrives_wh[1, 20, 3], weeks.leaves[1, 20, 3]) == (9_000.0, 32)


def test_a_training_is_judged_on_weeks_that_it_did_not_see_and_the_same_seed_says_the_same():
    course = course_of(past(10), is_weekend)
    lesson = course.lesson.pick(course.training)
    recipe = Recipe(seed=3, generations=4, population=6, weeks=3)
    trained = train([lesson], recipe, normed([lesson]))
    candidates = {RULE: Rule(), CHAMPION: planner_only(), CHALLENGER: trained}

    report = judge(course.lesson.pick(course.held_out), course.homes, candidates, seed=1)

    assert report == judge(course.lesson.pick(course.held_out), course.homes, candidates, seed=1)
    assert set(course.training).isdisjoint(course.held_out)
    assert len(report["alone_neur"]) == 4
    assert {one["code"] for one in report["reasons"]} >= {"cheaper", "limits", "homes", "cars"}
    costs = report["candidates"]["champion"]
    assert [c + g for c, g in zip(costs["cost_neur"], costs["gain_neur"], strict=True)] == pytest.approx(
        report["alone_neur"]
    )


def test_what_the_street_pays_day_by_day_adds_up_to_its_week():
    course = course_of(past(5), is_weekend)

    found = replay(course.lesson.pick(course.usable), planner_only())

    by_week = found.day_eur.reshape(-1, 7).sum(axis=1)
    half_full = 0.5 * 20_000 * course.lesson.end_ueur_kwh / 1e9
    assert by_week - half_full == pytest.approx(found.cost_eur)


def test_a_week_that_another_would_have_made_cheaper_is_regretted():
    course = course_of(past(5), is_weekend)
    lesson = course.lesson.pick(course.usable[-1:])
    planner = planner_only()
    wasteful = planner.numbers.copy()
    wasteful[11] = -6.0  # stored energy counts for nothing, whatever the planner says
    bad = type(planner)(wasteful, planner.mean, planner.spread, {})

    found = regret(lesson, bad, {"planner": planner}, seed=1)
    calm = regret(lesson, planner, {"other": bad}, seed=1)

    assert found["bad"]
    assert found["better"] == ["planner"]
    assert not calm["bad"]
    assert len(calm["day_neur"]["own"]) == 7


def test_what_misstating_brings_is_measured_of_homes_with_batteries_and_the_same_each_time(monkeypatch):
    monkeypatch.setattr("market.agents.training.exploited.SEARCH", Search(generations=3, population=6, weeks=2))
    course = course_of(past(10), is_weekend)
    learned, judged = course.lesson.pick(course.training), course.lesson.pick(course.held_out)

    share = exploited(learned, judged, planner_only())

    assert share is not None
    assert 0 <= share < 1
    assert share == exploited(learned, judged, planner_only())
    bare = replace(learned.fleet, capacity_wh=np.zeros(4), charge_w=np.zeros(4), discharge_w=np.zeros(4))
    assert exploited(replace(learned, fleet=bare), replace(judged, fleet=bare), planner_only()) is None
