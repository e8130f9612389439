"""Down the ladder: each missing need forbids the levels that need it, the lowest reason is told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.agents.fallback import LEVELS, Health, Standing, standing
from market.agents.levels import DECIDERS, decide_on

WELL = Health(top="policy", homes=10)


@pytest.mark.parametrize(
    ("trouble", "level", "reason"),
    [
        ({}, "policy", ""),
        ({"tariffs_known": False}, "planner", "tariffs_unknown"),
        ({"overdue_slots": 2}, "policy", ""),
        ({"overdue_slots": 3}, "rule", "forecast_stale"),
        ({"overdue_slots": None}, "rule", "forecast_missing"),
        ({"silent": 2}, "policy", ""),
        ({"silent": 3}, "rule", "meters_silent"),
        ({"error_pct": 200}, "policy", ""),
        ({"error_pct": 201}, "rule", "forecast_wrong"),
        ({"price_ueur_kwh": 900_000}, "rule", "price_out_of_band"),
        ({"battery_minutes": 400}, "self_consumption", "battery_silent"),
        ({"battery_minutes": 400, "silent": 9, "tariffs_known": False}, "self_consumption", "battery_silent"),
    ],
)
def test_each_trouble_leads_to_its_level(trouble, level, reason):
    answer = standing(replace(WELL, **trouble))

    assert (answer.level, answer.reason) == (level, reason)


def test_a_street_without_a_policy_stands_on_its_planner_and_lacks_nothing():
    assert standing(Health()) == Standing("planner")


healths = st.builds(
    Health,
    top=st.sampled_from(LEVELS),
    tariffs_known=st.booleans(),
    overdue_slots=st.none() | st.integers(0, 50),
    homes=st.integers(0, 40),
    silent=st.integers(0, 40),
    error_pct=st.none() | st.integers(0, 500),
    price_ueur_kwh=st.none() | st.just(900_000),
    battery_minutes=st.none() | st.integers(0, 900),
)


@given(health=healths, also=healths)
def test_more_trouble_never_leads_higher_and_a_lower_level_always_has_a_reason(health, also):
    first = standing(health)
    worse = standing(
        replace(
            health,
            tariffs_known=health.tariffs_known and also.tariffs_known,
            battery_minutes=also.battery_minutes or health.battery_minutes,
            error_pct=max(health.error_pct or 0, also.error_pct or 0),
        )
    )

    assert LEVELS.index(worse.level) <= LEVELS.index(first.level)
    assert (first.level != health.top) == bool(first.reason)


def test_a_level_without_a_decision_function_is_decided_by_the_next_below(observe, monkeypatch):
    seen = observe(18)
    monkeypatch.delitem(DECIDERS, "policy", raising=False)

    assert decide_on("policy", seen, planned=False) == DECIDERS["planner"](seen, planned=False)
