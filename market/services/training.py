"""Training a community's policy: asked for once, gone on with from its checkpoint, judged at its end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F

from community.models import Community
from market.agents.policy.weights import Weights, planner_only, weights_of
from market.agents.training.course import OWN_WEEKS, Course
from market.agents.training.gate import CHALLENGER, CHAMPION, PLANNER, RULE, judge
from market.agents.training.lessons import Lesson
from market.agents.training.search import Progress, Recipe, generations, normed
from market.agents.yardsticks.rule import Rule, tuned
from market.models import TrainingRun
from market.queries.lessons import read_course
from market.queries.policies import champion_weights, shipped
from market.queries.training import claim, plant_hash
from market.services.examination import examine
from market.services.policies import take_in

# What the best lie brings a home, over its saving: learned in the first lesson, measured in the second.
Exploit = Callable[[Lesson, Lesson, Weights], float | None]

RECIPE = Recipe()
SAVED_EVERY = 10  # generations
MOST_IDLE_STARTS = 5


@transaction.atomic
def ask_for_training(*, community_id: int, why: str, at: datetime, recipe: Recipe = RECIPE) -> TrainingRun:
    """The community's training that waits or is under way; without one, a new one. A community trains once."""
    Community.objects.select_for_update(no_key=True).get(pk=community_id)
    open_status = [TrainingRun.Status.QUEUED, TrainingRun.Status.RUNNING]
    found = TrainingRun.objects.filter(community=community_id, status__in=open_status).first()
    if found is not None:
        return found
    seed = 1 + TrainingRun.objects.filter(community=community_id).count()
    return TrainingRun.objects.create(
        community_id=community_id,
        why=why,
        seed=seed,
        recipe=asdict(replace(recipe, seed=seed)),
        plant_hash=plant_hash(community_id),
        asked_at=at,
        generations=recipe.generations,
    )


def go_on(
    *, run_id: int, at: datetime, more: Callable[[], bool] = lambda: True, exploited: Exploit | None = None
) -> bool:
    """Go on with a training until its end, or until `more` says no; says whether anything is left to do.

    Nothing happens while another worker is at it. What is done so far is saved every `SAVED_EVERY` generations;
    the lessons are those of the instant at which the training was asked for, so that an interrupted one ends with
    the very same weights. `exploited` measures what a home gains by misstating its wishes.
    """
    with claim(run_id) as mine:
        run = TrainingRun.objects.select_related("community").get(pk=run_id)
        if not mine or not run.is_open:
            return False
        if run.idle_starts >= MOST_IDLE_STARTS:
            _end(run, at, error=f"Given up after {MOST_IDLE_STARTS} starts without progress.")
            return False
        _begin(run, at)
        course = read_course(run.community, run.asked_at)
        if course is None or not course.usable:
            _end(run, at, weeks=0)
        else:
            examine(community_id=run.community_id, course=course, at=at)
            if course.trains:
                return _train(run, course, at, more, exploited)
            _compare(run, course, at, exploited)
    return False


def _begin(run: TrainingRun, at: datetime) -> None:
    """Note the start. Where tariffs or devices have changed meanwhile, what was learned so far is void."""
    TrainingRun.objects.filter(pk=run.pk).update(
        status=TrainingRun.Status.RUNNING, started_at=run.started_at or at, idle_starts=F("idle_starts") + 1
    )
    now = plant_hash(run.community_id)
    if now != run.plant_hash:
        run.plant_hash, run.asked_at, run.checkpoint, run.generation = now, at, None, 0
        run.save(update_fields=["plant_hash", "asked_at", "checkpoint", "generation"])


def _train(
    run: TrainingRun, course: Course, at: datetime, more: Callable[[], bool], exploited: Exploit | None
) -> bool:
    lesson = course.lesson.pick(course.training)
    recipe = Recipe(**{name: value for name, value in run.recipe.items() if name != "start"})
    if "start" not in run.recipe:
        run.recipe["start"] = _first_guess(run.community_id).as_json()
        run.save(update_fields=["recipe"])
    start = normed([lesson], _unless_blank(weights_of(run.recipe["start"])))
    progress = saved = Progress.of(run.checkpoint) if run.checkpoint else None
    for progress in generations([lesson], recipe, start, saved):
        done, pauses = progress.search.generation, not more()
        if pauses or done % SAVED_EVERY == 0 or done == recipe.generations:
            _save(run, progress)
        if pauses:
            return True
    numbers = start.numbers if progress is None else progress.average
    weights = replace(start, numbers=numbers, story={"made": "trained", "seed": run.seed})
    champion = champion_weights(run.community_id)
    report = _judged(run, course, {CHAMPION: champion, CHALLENGER: weights}, exploited)
    with transaction.atomic():
        if _end(run, at, weeks=len(course.usable), report=report):
            take_in(run=run, weights=weights, report=report, at=at)
    return False


def _first_guess(community_id: int) -> Weights:
    """Where the search begins: the street's own policy, else the planner.

    What was learned elsewhere is a worse start than nothing: searches that began there ended dearer for the demo's
    street in seven of seven seasons.
    """
    champion = champion_weights(community_id)
    return champion if champion.story.get("made") == "trained" else planner_only()


def _compare(run: TrainingRun, course: Course, at: datetime, exploited: Exploit | None) -> None:
    """With too little of its own to learn from, a street tries the policy that ships against the planner alone."""
    champion = champion_weights(run.community_id)
    other = next((one for one in (shipped(), planner_only()) if one.digest != champion.digest), None)
    candidates = {CHAMPION: champion} if other is None else {CHAMPION: champion, CHALLENGER: other}
    # The rule is shown beside them, but nobody could choose it.
    report = _judged(run, course, candidates, exploited, against=(CHAMPION,))
    with transaction.atomic():
        if _end(run, at, weeks=len(course.usable), report=report) and other is not None and report["passed"]:
            take_in(run=run, weights=other, report=report, at=at, known=True)


def _judged(
    run: TrainingRun,
    course: Course,
    policies: Mapping[str, Weights],
    exploited: Exploit | None,
    against: Sequence[str] = (CHAMPION, RULE),
) -> dict[str, Any]:
    """The gate's report on the held-out weeks, the rule tuned on the weeks before them."""
    before, held_out = course.training or course.held_out, course.held_out
    lesson = course.lesson.pick(before)
    rule = tuned(lesson.fleet, lesson.weeks, lesson.end_ueur_kwh)
    candidates: dict[str, Weights | Rule] = {RULE: rule}
    if planner_only().digest not in {one.digest for one in policies.values()}:
        candidates[PLANNER] = planner_only()
    judged = course.lesson.pick(held_out)
    report = judge(
        judged,
        course.homes,
        candidates | dict(policies),
        seed=run.seed,
        exploited=None if exploited is None else partial(exploited, lesson, judged),
        against=against,
    )
    return report | {
        "weeks": [course.starts[week].isoformat() for week in held_out],
        "trained_weeks": len(course.training),
        "needed_weeks": OWN_WEEKS,
        "stories": {name: one.story.get("made", "") for name, one in policies.items()},
    }


def _unless_blank(weights: Weights) -> Weights | None:
    """A policy without numbers has no scale of its own worth keeping."""
    return weights if weights.numbers.any() else None


def _save(run: TrainingRun, progress: Progress) -> None:
    """Keep a checkpoint, unless a later one is there already."""
    TrainingRun.objects.filter(
        pk=run.pk, status=TrainingRun.Status.RUNNING, generation__lte=progress.search.generation
    ).update(checkpoint=progress.as_json(), generation=progress.search.generation, idle_starts=0)


def _end(
    run: TrainingRun,
    at: datetime,
    *,
    weeks: int | None = None,
    report: dict[str, Any] | None = None,
    error: str = "",
) -> bool:
    """Close a run that is open, once; says whether this call did."""
    status = TrainingRun.Status.FAILED if error else TrainingRun.Status.DONE
    waiting = TrainingRun.objects.filter(
        pk=run.pk, status__in=[TrainingRun.Status.QUEUED, TrainingRun.Status.RUNNING]
    )
    return bool(
        waiting.update(status=status, finished_at=at, weeks=weeks, report=report, error=error, checkpoint=None)
    )
