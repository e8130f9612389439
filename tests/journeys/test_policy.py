"""A policy's life, the clock passed in: readings, a training, the gate, shadow, canary, all homes, and back again."""

from datetime import timedelta

import pytest

from market.agents.policy.weights import planner_only, weights_of
from market.agents.training.search import Recipe
from market.agents.yardsticks.rule import Rule
from market.models import Policy, TrainingRun
from market.queries.policies import due_to_review, policy_of, shipped
from market.queries.training import due_to_train, open_runs
from market.services.policies import review
from market.services.training import ask_for_training, go_on
from tests import weeks

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
AT = weeks.MONDAY + timedelta(hours=9)
# Next to no search: what matters here is what becomes of a policy, not how good it is.
RECIPE = Recipe(generations=2, population=4, weeks=2, step=0.001)
LEVEL_ALWAYS = 11  # the weight that raises or lowers every battery's worth


def wasteful():
    """Weights under which stored energy counts for hardly anything: batteries idle."""
    numbers = planner_only().numbers.copy()
    numbers[LEVEL_ALWAYS] = -6.0
    return {**planner_only().as_json(), "numbers": numbers.tolist(), "story": {"made": "trained"}}


def test_from_readings_to_all_homes_and_back(monkeypatch):
    # A rule that fills batteries from the grid whatever comes: planner and policy are certainly cheaper.
    monkeypatch.setattr("market.services.training.tuned", lambda *_: Rule(night_share=1.0, middle=1.25))
    street = weeks.street()
    homes = list(street.households.order_by("pk"))
    ids = [home.pk for home in homes]
    poor = Policy.objects.create(
        community=street, status="champion", weights=wasteful(), digest="poor", made_at=AT - 60 * DAY,
        champion_at=AT - 60 * DAY, reviewed_at=AT,
    )  # fmt: skip

    # Due, asked for once, trained, judged.
    assert due_to_train(AT) == [(street.pk, "first")]
    run = ask_for_training(community_id=street.pk, why="first", at=AT, recipe=RECIPE)
    run.recipe["start"] = planner_only().as_json()
    run.save()
    assert due_to_train(AT) == []
    assert not go_on(run_id=run.pk, at=AT)
    run.refresh_from_db()
    assert (run.status, run.weeks, run.generation, open_runs()) == ("done", 11, 2, [])
    assert run.report["passed"], run.report["reasons"]

    # Shadow: nobody follows it.
    policy = run.policy
    assert policy.status == "shadow"
    assert {weights.digest for weights in policy_of(street.pk, ids, AT).values()} == {
        weights_of(poor.weights).digest
    }
    assert due_to_review(AT + 6 * DAY) == []

    # A week of readings later: one home of four follows it.
    for week in range(3):
        weeks.live(homes, weeks.MONDAY + 7 * week * DAY, 1, seed=week)
    assert due_to_review(AT + 7 * DAY) == [poor.pk, policy.pk]
    review(policy_id=policy.pk, at=AT + 7 * DAY)
    policy.refresh_from_db()
    assert (policy.status, len(policy.canary_homes)) == ("canary", 1)
    followed = policy_of(street.pk, ids, AT + 7 * DAY)
    assert [home for home in ids if followed[home].digest == policy.digest] == policy.canary_homes
    assert len({id(weights) for weights in followed.values()}) == 2
    assert policy_of(street.pk, ids, AT + 6 * DAY)[policy.canary_homes[0]].digest != policy.digest

    # It is looked at each day, and after another week it decides in all homes.
    review(policy_id=policy.pk, at=AT + 8 * DAY)
    policy.refresh_from_db()
    assert (policy.status, policy.reviewed_at) == ("canary", AT + 8 * DAY)
    review(policy_id=policy.pk, at=AT + 14 * DAY)
    policy.refresh_from_db()
    poor.refresh_from_db()
    assert (policy.status, poor.status) == ("champion", "retired")
    assert {weights.digest for weights in policy_of(street.pk, ids, AT + 14 * DAY).values()} == {policy.digest}

    # It turns bad: the week would have been cheaper with the planner alone, so the one before decides again.
    Policy.objects.filter(pk=policy.pk).update(weights=wasteful())
    Policy.objects.filter(pk=poor.pk).update(weights=planner_only().as_json(), digest="fine")
    for _ in range(2):
        review(policy_id=policy.pk, at=AT + 21 * DAY)
    policy.refresh_from_db()
    poor.refresh_from_db()
    assert (policy.status, poor.status) == ("rolled_back", "champion")
    assert [step["to"] for step in policy.steps] == ["shadow", "canary", "champion", "rolled_back"]
    last = policy.steps[-1]["reasons"][0]
    assert (last["code"], last["facts"]["bad"]) == ("regret", True)
    assert policy_of(street.pk, ids, AT + 21 * DAY)[ids[0]].digest == planner_only().digest


def test_too_few_weeks_train_nobody_but_the_better_of_what_ships_decides(monkeypatch):
    street = weeks.street(weeks=5)
    worse = weights_of(wasteful())
    monkeypatch.setattr("market.services.training.shipped", lambda: worse)
    Policy.objects.create(
        community=street,
        status="champion",
        weights=worse.as_json(),
        digest=worse.digest,
        made_at=AT,
        champion_at=AT,
    )

    run = ask_for_training(community_id=street.pk, why="first", at=AT)
    go_on(run_id=run.pk, at=AT)

    run.refresh_from_db()
    assert (run.status, run.weeks, run.report["trained_weeks"], run.generation) == ("done", 4, 0, 0)
    assert run.report["passed"], run.report["reasons"]
    policy = Policy.objects.get(status="champion")
    assert (policy.run, policy.digest) == (run, planner_only().digest)


def test_without_readings_a_training_ends_at_once_and_what_ships_decides():
    street = weeks.street(weeks=0)

    run = ask_for_training(community_id=street.pk, why="first", at=AT)
    go_on(run_id=run.pk, at=AT)

    run.refresh_from_db()
    assert (run.status, run.weeks, run.report) == ("done", 0, None)
    assert policy_of(street.pk, [1, 2], AT) == dict.fromkeys([1, 2], shipped())


def test_a_shadow_whose_week_was_not_delivered_waits_for_the_next_day():
    street = weeks.street()
    policy = Policy.objects.create(
        community=street, status="shadow", weights=planner_only().as_json(), digest="x", made_at=AT, shadow_at=AT
    )

    review(policy_id=policy.pk, at=AT + 20 * DAY)

    policy.refresh_from_db()
    assert (policy.status, policy.reviewed_at) == ("shadow", AT + 20 * DAY)
    assert due_to_review(AT + 20 * DAY) == []
    assert due_to_review(AT + 21 * DAY) == [policy.pk]
    assert TrainingRun.objects.count() == 0
