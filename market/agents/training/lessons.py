"""What a policy is trained on: streets, their weeks and the public signals in them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from market.agents.policy.signals import Scale, Signals
from market.agents.policy.weights import Weights
from market.agents.rungs import Floats
from market.agents.street import Decider, Fleet, Lived, Weeks, live
from market.agents.training.crowd import Crowd, OneApart


@dataclass(frozen=True, eq=False, slots=True)
class Lesson:
    """A street with weeks and their signals (`[week · slot]`); a kWh stored at a week's end counts `end_ueur_kwh`.

    `stake_eur` is what a week's costs are compared with, so that large and small streets count alike.
    """

    fleet: Fleet
    weeks: Weeks
    given: Signals
    scale: Scale
    end_ueur_kwh: float
    stake_eur: float

    def pick(self, weeks: Sequence[int]) -> "Lesson":
        """The lesson with some of its weeks."""
        slots = self.weeks.slots
        places = (np.array(weeks, dtype=np.int64)[:, None] * slots + np.arange(slots)).ravel()
        given = Signals(*(values[places] for values in self.given))
        return Lesson(self.fleet, self.weeks.pick(weeks), given, self.scale, self.end_ueur_kwh, self.stake_eur)

    def lived(self, weights: Weights, numbers: Floats | None = None) -> Lived:
        """The weeks under these weights, or under each of several sets `[policy, SIZE]` of their `numbers`."""
        return self._lived(self._crowd(weights, weights.numbers[None] if numbers is None else numbers))

    def lived_apart(self, weights: Weights, home: int, numbers: Floats) -> Lived:
        """The same where one home follows numbers of its own, each set `[policy, SIZE]` in turn."""
        others = self._crowd(weights, np.repeat(weights.numbers[None], len(numbers), axis=0))
        return self._lived(OneApart(others, self._crowd(weights, numbers), home))

    def _crowd(self, weights: Weights, numbers: Floats) -> Crowd:
        return Crowd(self.fleet, self.weeks, self.given, self.scale, weights, numbers)

    def _lived(self, decide: Decider) -> Lived:
        return live(self.fleet, self.weeks, decide, end_ueur_kwh=self.end_ueur_kwh)
