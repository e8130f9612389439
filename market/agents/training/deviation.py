"""How much one home gains by leaving the shared policy: its best response, searched with the same means.

While all others keep the shared weights, the home's own are searched for the least bill of its own in some weeks
and judged in others that the search did not see. What it still gains there, over what the street saves it against
living alone, says how far the shared policy is from one that nobody has a reason to leave (exploitability).
"""

from dataclasses import dataclass

import numpy as np

from market.agents.policy.weights import Weights
from market.agents.rungs import Floats
from market.agents.training.evolution import Evolution
from market.agents.training.lessons import Lesson
from market.agents.yardsticks.alone import alone

UNSERVED_EUR_KWH = 2.0


@dataclass(frozen=True, slots=True)
class Search:
    """How hard a home looks for a better answer of its own."""

    seed: int = 1
    generations: int = 30
    population: int = 28
    step: float = 0.3
    weeks: int = 6


@dataclass(frozen=True, eq=False, slots=True)
class Deviation:
    """€ a week in weeks that the search did not see: what the home saves against alone by the shared policy, what
    it gains on top by weights of its own (`numbers`), and what the others lose by that.
    """

    home: int
    saved_eur: float
    gained_eur: float
    others_eur: float
    numbers: Floats

    @property
    def share(self) -> float:
        """The gain over the saving, from 0 on: nobody has to leave."""
        return max(self.gained_eur, 0.0) / max(self.saved_eur, 1e-9)


def deviation(learned: Lesson, judged: Lesson, weights: Weights, home: int, search: Search) -> Deviation:
    """The best response of one home, searched in the weeks of `learned` and measured in those of `judged`."""
    numbers = _best_response(learned, weights, home, search)
    together = judged.lived(weights).bill_eur.mean(axis=0)
    apart = judged.lived_apart(weights, home, numbers[None]).bill_eur.mean(axis=0)
    baseline = alone(judged.fleet, judged.weeks, end_ueur_kwh=judged.end_ueur_kwh).bill_eur.mean(axis=0)
    gained = together - apart
    return Deviation(
        home,
        float(baseline[home] - together[home]),
        float(gained[home]),
        float(gained[home] - gained.sum()),
        numbers,
    )


def _best_response(lesson: Lesson, weights: Weights, home: int, search: Search) -> Floats:
    """The home's weights that its own bill was least with, `[SIZE]`: the mean where the search ended."""
    found = Evolution.around(weights.numbers, search.step, population=search.population, seed=search.seed)
    count = min(search.weeks, lesson.weeks.count)
    while found.generation < search.generations:
        chance = np.random.default_rng([search.seed, found.generation, 2])
        weeks = lesson.pick(chance.choice(lesson.weeks.count, count, replace=False).tolist())
        tries = found.ask()
        lived = weeks.lived_apart(weights, home, tries)
        paid = lived.bill_eur[:, home] + UNSERVED_EUR_KWH * lived.unserved_kwh
        found = found.told(tries, paid.reshape(len(tries), count).mean(axis=1))
    return found.mean
