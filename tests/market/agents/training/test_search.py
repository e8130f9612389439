"""Training: repeatable to the last digit, resumable from its checkpoint, and worth its while."""

import json

import numpy as np
import pytest

from market.agents.policy.weights import SIZE, planner_only
from market.agents.training.search import Progress, Recipe, generations, normed, train
from tests.market.agents.small_street import small_lesson

RECIPE = Recipe(seed=5, generations=6, population=8, weeks=2)


def test_one_seed_trains_one_policy():
    lessons = [small_lesson(), small_lesson(limit_w=5_000.0)]

    once, again = (train(lessons, RECIPE, normed(lessons)) for _ in range(2))

    assert once.digest == again.digest
    assert once.digest != planner_only().digest


def test_training_resumed_from_its_checkpoint_ends_where_it_would_have():
    lessons = [small_lesson()]
    start = normed(lessons)
    checkpoints = [json.dumps(progress.as_json()) for progress in generations(lessons, RECIPE, start)]

    resumed = train(lessons, RECIPE, start, resumed=Progress.of(json.loads(checkpoints[2])))

    assert resumed.numbers.tolist() == train(lessons, RECIPE, start).numbers.tolist()


def test_training_costs_the_street_less_than_a_bad_start():
    lesson = small_lesson()
    bad = planner_only()
    bad.numbers[11] = 3.0  # values what is stored far too highly

    better = train([lesson], Recipe(seed=1, generations=25, population=12, weeks=4, step=0.5), bad)

    assert lesson.lived(better).cost_eur.sum() < lesson.lived(bad).cost_eur.sum()


def test_many_policies_side_by_side_live_as_each_would_alone():
    lesson, tries = small_lesson(limit_w=6_000.0), np.random.default_rng(2).normal(0, 0.3, (3, SIZE))

    together = lesson.lived(planner_only(), tries).cost_eur.reshape(3, -1)

    for i, numbers in enumerate(tries):
        assert lesson.lived(planner_only(), numbers[None]).cost_eur == pytest.approx(together[i])
