"""The environment for researchers keeps PettingZoo's own rules, and zeros are the planner."""

import numpy as np
import pytest
from pettingzoo.test import parallel_api_test

from market.agents.policy.weights import planner_only
from market.agents.training.petting_zoo import StreetEnv
from tests.market.agents.small_street import small_lesson


def test_it_keeps_the_rules_of_parallel_environments():
    parallel_api_test(StreetEnv(small_lesson(), planner_only()), num_cycles=400)


def test_zeros_follow_the_planner_and_rewards_are_the_bills():
    lesson, weights = small_lesson(limit_w=6_000.0), planner_only()
    env = StreetEnv(lesson, weights)
    env.reset(options={"week": 1})
    saved = dict.fromkeys(env.agents, 0.0)

    while env.agents:
        _seen, rewards, *_ = env.step({agent: np.zeros(3) for agent in env.agents})
        for agent, reward in rewards.items():
            saved[agent] += reward

    bills = lesson.pick([1]).lived(weights).bill_eur[0]
    for agent, total in saved.items():
        assert total == pytest.approx(-bills[int(agent.removeprefix("home_"))])


def test_the_same_seed_is_the_same_week():
    env = StreetEnv(small_lesson(), planner_only())

    first, again, other = (env.reset(seed=seed)[0] for seed in (3, 3, 4))

    assert all(np.array_equal(first[agent], again[agent]) for agent in first)
    assert any(not np.array_equal(first[agent], other[agent]) for agent in first)
