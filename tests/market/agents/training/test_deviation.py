"""Leaving the shared policy: one home's own numbers move that home, and the search pays off where it searched."""

import numpy as np
import pytest

from market.agents.policy.weights import SIZE, planner_only
from market.agents.training.deviation import Search, deviation
from tests.market.agents.small_street import small_lesson


def test_numbers_of_its_own_change_one_home_only():
    lesson, shared = small_lesson(), planner_only()

    same = lesson.lived_apart(shared, 0, shared.numbers[None])
    other = np.zeros((1, SIZE))
    other[0, 11] = 2.0
    apart = lesson.lived_apart(shared, 0, other)

    assert same.bill_eur == pytest.approx(lesson.lived(shared).bill_eur)
    assert np.abs(apart.stored_wh[..., 0] - same.stored_wh[..., 0]).max() > 500
    assert np.abs(apart.stored_wh[0] - same.stored_wh[0])[:, 1].max() < 1


def test_a_best_response_gains_in_the_weeks_it_was_searched_in():
    lesson = small_lesson()
    shared = planner_only()
    shared.numbers[11] = 2.0  # hoards: leaving pays

    found = deviation(lesson, lesson, shared, 0, Search(generations=15, population=10, weeks=4))

    assert found.gained_eur > 0
    assert found.share == pytest.approx(found.gained_eur / max(found.saved_eur, 1e-9))
    assert found.numbers.shape == (SIZE,)
