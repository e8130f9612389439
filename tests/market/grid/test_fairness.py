"""Figures of fairness: their bounds, what they do not depend on, and cases that a hand can check."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.grid.fairness import gini, jain, min_over_max, quality_of_experience, quality_of_service

AMOUNTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=12)
SOMETHING = AMOUNTS.map(lambda values: [values[0] + 1, *values[1:]])
PRICES = st.lists(st.floats(50_000, 250_000), min_size=1, max_size=12)


@given(SOMETHING)
def test_bounds(values):
    n = len(values)

    assert 1 / n - 1e-12 <= jain(values) <= 1
    assert 0 <= gini(values) <= 1 - 1 / n + 1e-12


@given(SOMETHING, st.sampled_from([3, 1_000, 10**9]))
def test_the_unit_does_not_matter(values, scale):
    assert jain([scale * x for x in values]) == pytest.approx(jain(values))
    assert gini([scale * x for x in values]) == pytest.approx(gini(values), abs=1e-12)


@given(AMOUNTS, st.randoms(use_true_random=False))
def test_the_order_of_homes_does_not_matter(values, chance):
    shuffled = chance.sample(values, len(values))

    assert jain(shuffled) == pytest.approx(jain(values))
    assert gini(shuffled) == pytest.approx(gini(values), abs=1e-12)
    assert quality_of_experience(shuffled, 0, 10**12) == pytest.approx(quality_of_experience(values, 0, 10**12))
    assert min_over_max(shuffled) == min_over_max(values)


@given(st.integers(0, 10**12), st.integers(1, 40))
def test_equal_homes_are_as_fair_as_can_be(value, n):
    values = [value] * n

    assert jain(values) == quality_of_service(values) == pytest.approx(1)
    assert gini(values) == pytest.approx(0, abs=1e-12)
    assert quality_of_experience(values, 0, 10**12) == 1
    assert min_over_max(values) == 1


@given(SOMETHING.filter(lambda values: len(values) > 1))
def test_giving_from_the_richest_to_the_poorest_is_never_less_fair(values):
    low, high = values.index(min(values)), values.index(max(values))
    part = (values[high] - values[low]) // 2
    after = list(values)
    after[high] -= part
    after[low] += part

    assert jain(after) >= jain(values) - 1e-12
    assert gini(after) <= gini(values) + 1e-12


@given(PRICES)
def test_prices_inside_the_range_give_figures_from_0_to_1(prices):
    assert 0 <= quality_of_experience(prices, 50_000, 250_000) <= 1
    assert 0 < min_over_max(prices) <= 1


def test_cases_by_hand():
    assert jain([1, 2, 3]) == pytest.approx(36 / (3 * 14))
    assert gini([1, 2, 3]) == pytest.approx((-2 * 1 + 0 * 2 + 2 * 3) / (3 * 6))
    assert quality_of_experience([90_000, 110_000], 50_000, 150_000) == pytest.approx(0.8)
    assert min_over_max([100, 80, 200]) == 0.4


def test_of_nothing_nobody_has_less():
    assert (jain([]), jain([0, 0]), gini([]), gini([0, 0])) == (1, 1, 0, 0)
    assert quality_of_experience([], 0, 1) == quality_of_experience([5], 5, 5) == min_over_max([]) == 1


def test_prices_that_no_ratio_or_range_fits_are_as_unfair_as_can_be():
    assert min_over_max([-10, 20]) == min_over_max([-20, -10]) == 0
    assert quality_of_experience([0, 10], 5, 5) == quality_of_experience([0, 100], 40, 60) == 0


@pytest.mark.parametrize("figure", [jain, gini])
def test_less_than_nothing_is_refused(figure):
    with pytest.raises(ValueError, match="one is negative"):
        figure([1, -1])


def test_a_range_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="below the lowest"):
        quality_of_experience([1], 2, 1)
