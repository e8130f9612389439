"""Files of weights: what is read, and what is refused in clear words."""

import json

import pytest

from market.agents.policy.weights import SIZE, UnreadableWeights, planner_only, prior, weights_of


def changed(**fields):
    return {**json.loads(json.dumps(planner_only().as_json())), **fields}


def test_a_file_says_the_same_weights_again():
    kept = weights_of(changed(story={"seed": 3}))

    assert kept.digest == planner_only().digest
    assert kept.story == {"seed": 3}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (changed(format=2), "have format 2, this version reads 1"),
        (changed(features=["temperature"]), "other features"),
        (changed(numbers=[0.0] * (SIZE - 1)), f"not {SIZE} finite numbers"),
        (changed(numbers=[float("nan")] * SIZE), f"not {SIZE} finite numbers"),
        (changed(mean=[0.0]), "means and spreads"),
        (changed(spread=[0.0] * len(planner_only().spread)), "spread"),
        ({"format": 1}, "lack"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(said, why):
    with pytest.raises(UnreadableWeights, match=why):
        weights_of(said)


def test_the_weights_that_ship_can_be_read_and_say_where_they_come_from():
    shipped = prior()

    assert shipped.numbers.shape == (SIZE,)
    assert shipped.digest != planner_only().digest
    assert {"made", "seed", "data", "recipe"} <= set(shipped.story)
