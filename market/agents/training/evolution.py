"""CMA-ES: a search that learns which directions help, from the ranks of a few dozen tries at a time.

Source: N. Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv 1604.00772, with its usual constants (rank-one
and rank-μ updates of the covariance, cumulative control of the step). All of its state is plain numbers, and each
generation draws from seed and generation alone: an interrupted search goes on exactly as it would have.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from market.agents.rungs import Floats

ARRAYS = ("mean", "covariance", "path_step", "path_covariance")


@dataclass(frozen=True, eq=False, slots=True)
class Evolution:
    """A search after `generation` generations of `population` tries each."""

    mean: Floats
    step: float
    covariance: Floats
    path_step: Floats
    path_covariance: Floats
    seed: int
    population: int
    generation: int = 0

    @classmethod
    def around(cls, mean: Floats, step: float, *, population: int, seed: int) -> "Evolution":
        """A fresh search around `mean`."""
        size = len(mean)
        return cls(mean.copy(), step, np.eye(size), np.zeros(size), np.zeros(size), seed, population)

    def ask(self) -> Floats:
        """The tries of this generation, `[population, size]`; the second half mirrors the first."""
        chance = np.random.default_rng([self.seed, self.generation])
        root, _ = _roots(self.covariance)
        drawn = chance.standard_normal((-(-self.population // 2), len(self.mean)))
        both = np.concatenate((drawn, -drawn))[: self.population]
        return np.asarray(self.mean + self.step * both @ root)

    def told(self, tries: Floats, costs: Floats) -> "Evolution":
        """The search after its tries have shown what they cost."""
        size, count = len(self.mean), self.population
        parents = count // 2
        weights = np.log((count + 1) / 2) - np.log(np.arange(1, parents + 1))
        weights /= weights.sum()
        effective = 1 / (weights**2).sum()
        best = (tries[np.argsort(costs, kind="stable")[:parents]] - self.mean) / self.step
        moved = weights @ best
        _, inverse = _roots(self.covariance)
        fade = (effective + 2) / (size + effective + 5)
        path_step = (1 - fade) * self.path_step + np.sqrt(fade * (2 - fade) * effective) * inverse @ moved
        usual = np.sqrt(size) * (1 - 1 / (4 * size) + 1 / (21 * size**2))
        length = float(np.linalg.norm(path_step))
        waits = length / np.sqrt(1 - (1 - fade) ** (2 * (self.generation + 1))) >= (1.4 + 2 / (size + 1)) * usual
        slow = (4 + effective / size) / (size + 4 + 2 * effective / size)
        path_covariance = (1 - slow) * self.path_covariance
        if not waits:
            path_covariance = path_covariance + np.sqrt(slow * (2 - slow) * effective) * moved
        one = 2 / ((size + 1.3) ** 2 + effective)
        many = min(1 - one, 2 * (effective - 2 + 1 / effective) / ((size + 2) ** 2 + effective))
        missing = waits * slow * (2 - slow)
        covariance = (
            (1 - one - many + one * missing) * self.covariance
            + one * np.outer(path_covariance, path_covariance)
            + many * np.einsum("i,ij,ik->jk", weights, best, best)
        )
        damping = 1 + 2 * max(0.0, np.sqrt((effective - 1) / (size + 1)) - 1) + fade
        return replace(
            self,
            mean=self.mean + self.step * moved,
            step=float(self.step * np.exp(fade / damping * (length / usual - 1))),
            covariance=(covariance + covariance.T) / 2,
            path_step=path_step,
            path_covariance=path_covariance,
            generation=self.generation + 1,
        )

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain numbers."""
        plain = {name: getattr(self, name) for name in ("step", "seed", "population", "generation")}
        return {**plain, **{name: getattr(self, name).tolist() for name in ARRAYS}}

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Evolution":
        """A search that goes on from what `as_json` said."""
        mean, covariance, path_step, path_covariance = (np.array(said[name]) for name in ARRAYS)
        plain = (said["seed"], said["population"], said["generation"])
        return cls(mean, said["step"], covariance, path_step, path_covariance, *plain)


def _roots(covariance: Floats) -> tuple[Floats, Floats]:
    """Symmetric square root, and its inverse."""
    values, vectors = np.linalg.eigh(covariance)
    sizes = np.sqrt(np.maximum(values, 1e-20))
    return (vectors * sizes) @ vectors.T, (vectors / sizes) @ vectors.T
