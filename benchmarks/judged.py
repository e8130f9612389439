"""What a policy's weeks are worth: between homes that live alone (0) and perfect foresight (1)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.street_lessons import TRAINED, Case, Town, lesson, staked, streets
from market.agents.policy.weights import Weights
from market.agents.street import Decider, Lived, live
from market.agents.training.lessons import Lesson
from market.agents.training.search import Recipe, normed, train
from market.agents.yardsticks.alone import Alone, alone
from market.agents.yardsticks.foresight import Foreseen, foresight

RECIPE = Recipe(generations=100, small=3e-3)
HALF_STREETS = 3  # random halves of the seen homes that training lives in beside all of them
DRAWS = 2_000


@dataclass(frozen=True, eq=False)
class Judged:
    """A street's weeks with both ends of the scale."""

    lesson: Lesson
    alone: Alone
    foreseen: Foreseen

    @classmethod
    def of(cls, given: Lesson) -> "Judged":
        """The weeks of a lesson."""
        end = given.end_ueur_kwh
        return cls(
            given,
            alone(given.fleet, given.weeks, end_ueur_kwh=end),
            foresight(given.fleet, given.weeks, end_ueur_kwh=end),
        )

    def gain(self, cost_eur: np.ndarray) -> float:
        """The share of what foresight saves; `cost_eur` is by week."""
        return float(self._gains(cost_eur, np.arange(len(cost_eur))[None])[0])

    def interval(self, cost_eur: np.ndarray) -> tuple[float, float]:
        """The gain's 95 % interval by drawing weeks anew."""
        count = len(cost_eur)
        drawn = np.random.default_rng(1).integers(0, count, (DRAWS, count))
        low, high = np.quantile(self._gains(cost_eur, drawn), (0.025, 0.975))
        return float(low), float(high)

    def broken(self, slots: np.ndarray) -> int:
        """Slots that broke a limit more often than foresight must, summed over weeks."""
        return int(np.maximum(slots - self.foreseen.broken_slots, 0).sum())

    def above_alone(self, lived: Lived) -> int:
        """Homes that pay more over all weeks than alone."""
        return int((lived.bill_eur.sum(axis=0) > self.alone.bill_eur.sum(axis=0) + 1e-6).sum())

    def lived(self, decide: Decider) -> Lived:
        """The weeks under any decider."""
        return live(self.lesson.fleet, self.lesson.weeks, decide, end_ueur_kwh=self.lesson.end_ueur_kwh)

    def _gains(self, cost_eur: np.ndarray, weeks: np.ndarray) -> np.ndarray:
        saved = (self.alone.netted_eur - cost_eur)[weeks].sum(axis=1)
        most = (self.alone.netted_eur - self.foreseen.cost_eur)[weeks].sum(axis=1)
        return np.asarray(saved / most)


def lessons(
    known: Town, homes: Sequence[int], weeks: Sequence[int] = TRAINED, case: Case | None = None
) -> list[Lesson]:
    """What training lives in: a street of all these homes, and random halves of them."""
    return [staked(lesson(known, some, weeks, case)) for some in streets(known, homes, HALF_STREETS)]


def trained(taught: Sequence[Lesson], seed: int, recipe: Recipe = RECIPE) -> Weights:
    """Weights by the benchmark's recipe."""
    return train(taught, replace(recipe, seed=seed), normed(taught))
