"""The learned policy's weights: a plain file, readable and comparable."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from market.agents.policy.signals import FEATURES
from market.agents.rungs import Floats

CAR = ("always", "haste", "cars", "net_now")
SIZE = 2 * len(FEATURES) + len(CAR)
FORMAT = 1
NEEDED = ("features", "car_features", "numbers", "mean", "spread")
PRIOR = Path(__file__).with_name("prior.json")


class UnreadableWeights(ValueError):
    """A file of weights that this version cannot use; says why."""


@dataclass(frozen=True, eq=False, slots=True)
class Weights:
    """One policy: `numbers` `[SIZE]`, all zero for the planner alone, and the features' means and spreads.

    `story` says where it came from: data, seed, dates.
    """

    numbers: Floats
    mean: Floats
    spread: Floats
    story: dict[str, Any]

    def normed(self, features: Floats) -> Floats:
        """Features in spreads from their means, none beyond three; the constant one stays."""
        return np.clip((features - self.mean) / self.spread, -3.0, 3.0)

    def as_json(self) -> dict[str, Any]:
        """What the file says."""
        return {
            "format": FORMAT,
            "features": list(FEATURES),
            "car_features": list(CAR),
            "numbers": self.numbers.tolist(),
            "mean": self.mean.tolist(),
            "spread": self.spread.tolist(),
            "story": self.story,
        }

    @property
    def digest(self) -> str:
        """A name for exactly these weights."""
        said = self.as_json()
        del said["story"]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def planner_only() -> Weights:
    """The policy that adds nothing to what the planner says."""
    size = len(FEATURES)
    return Weights(np.zeros(SIZE), np.zeros(size), np.ones(size), {"made": "planner only"})


def weights_of(said: dict[str, Any]) -> Weights:
    """Weights from what a file says. Raises `UnreadableWeights`."""
    if said.get("format") != FORMAT:
        raise UnreadableWeights(f"These weights have format {said.get('format')}, this version reads {FORMAT}.")
    missing = [key for key in NEEDED if key not in said]
    if missing:
        raise UnreadableWeights(f"These weights lack {', '.join(missing)}.")
    if tuple(said["features"]) != FEATURES or tuple(said["car_features"]) != CAR:
        raise UnreadableWeights("These weights are for other features than this version's.")
    numbers, mean, spread = (np.array(said[key], dtype=float) for key in ("numbers", "mean", "spread"))
    if numbers.shape != (SIZE,) or not np.isfinite(numbers).all():
        raise UnreadableWeights(f"These weights are not {SIZE} finite numbers.")
    if mean.shape != (len(FEATURES),) or not np.isfinite(mean).all() or not (spread > 0).all():
        raise UnreadableWeights("The features' means and spreads must be finite, spreads above zero.")
    return Weights(numbers, mean, spread, said.get("story", {}))


def prior() -> Weights:
    """The weights that ship: trained on real homes elsewhere, for streets with too little history of their own."""
    return weights_of(json.loads(PRIOR.read_text(encoding="utf-8")))
