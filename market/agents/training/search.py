"""The search for weights: many tries live through the same random weeks; those that cost the streets least win."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from market.agents.policy.weights import Weights, planner_only
from market.agents.rungs import Floats
from market.agents.training.evolution import Evolution
from market.agents.training.lessons import Lesson

BROKEN_EUR_KWH, UNSERVED_EUR_KWH = 2.0, 2.0
AVERAGED = 0.03  # how fast the published weights follow the search: single generations are noisy
SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. `small` pulls weights towards the planner, `jitter` varies the limits by generation."""

    seed: int = 1
    generations: int = 200
    population: int = 28
    step: float = 0.1
    weeks: int = 6
    small: float = 1e-3
    jitter: float = 0.15


@dataclass(frozen=True, eq=False, slots=True)
class Progress:
    """A training under way; everything that is needed to go on."""

    search: Evolution
    average: Floats
    cost: float

    def as_json(self) -> dict[str, Any]:
        """The checkpoint."""
        return {"search": self.search.as_json(), "average": self.average.tolist(), "cost": self.cost}

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Progress":
        """The training that a checkpoint describes."""
        return cls(Evolution.of(said["search"]), np.array(said["average"]), float(said["cost"]))


def normed(lessons: Sequence[Lesson], start: Weights | None = None) -> Weights:
    """Weights to begin with: the champion's numbers or none, with means and spreads of these streets' features.

    A champion keeps the scale that it was trained with.
    """
    if start is not None:
        return start
    street = np.concatenate([lesson.given.street for lesson in lessons])
    blank = planner_only()
    mean, spread = blank.mean.copy(), blank.spread.copy()
    mean[: street.shape[1]] = street.mean(axis=0)
    spread[: street.shape[1]] = np.maximum(street.std(axis=0), SMALLEST_SPREAD)
    return replace(blank, mean=mean, spread=spread)


def train(
    lessons: Sequence[Lesson],
    recipe: Recipe,
    start: Weights,
    *,
    resumed: Progress | None = None,
    told: Callable[[Progress], None] = lambda _: None,
) -> Weights:
    """Weights after the recipe's generations; the same lessons and recipe give the same, interrupted or not.

    `told` hears of every generation's end.
    """
    progress = resumed
    for progress in generations(lessons, recipe, start, resumed):
        told(progress)
    numbers = start.numbers if progress is None else progress.average
    return replace(start, numbers=numbers, story={"made": "trained", "seed": recipe.seed})


def generations(
    lessons: Sequence[Lesson], recipe: Recipe, start: Weights, resumed: Progress | None = None
) -> Iterator[Progress]:
    """Each generation's end, from where the search stands until the recipe's last."""
    progress = resumed or Progress(
        Evolution.around(start.numbers, recipe.step, population=recipe.population, seed=recipe.seed),
        start.numbers.copy(),
        float("nan"),
    )
    while progress.search.generation < recipe.generations:
        search = progress.search
        tries = search.ask()
        costs = _costs(lessons, recipe, start, tries, search.generation)
        search = search.told(tries, costs)
        average = (1 - AVERAGED) * progress.average + AVERAGED * search.mean
        progress = Progress(search, average, float(np.median(costs)))
        yield progress


def _costs(lessons: Sequence[Lesson], recipe: Recipe, start: Weights, tries: Floats, generation: int) -> Floats:
    """What each try costs: by street a week's € and penalties over its stake, and the size of its weights."""
    chance = np.random.default_rng([recipe.seed, generation, 1])
    costs = recipe.small * (tries**2).sum(axis=1)
    for lesson in lessons:
        count = min(recipe.weeks, lesson.weeks.count)
        weeks = chance.choice(lesson.weeks.count, count, replace=False)
        wider = float(chance.uniform(1 - recipe.jitter, 1 + recipe.jitter))
        fleet = replace(
            lesson.fleet,
            import_limit_w=lesson.fleet.import_limit_w * wider,
            export_limit_w=lesson.fleet.export_limit_w * wider,
        )
        lived = replace(lesson.pick(weeks.tolist()), fleet=fleet).lived(start, tries)
        paid = lived.cost_eur + BROKEN_EUR_KWH * lived.broken_kwh + UNSERVED_EUR_KWH * lived.unserved_kwh
        costs = costs + paid.reshape(len(tries), count).mean(axis=1) / lesson.stake_eur / len(lessons)
    return np.asarray(costs)
