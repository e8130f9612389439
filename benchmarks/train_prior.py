"""Train the weights that ship: all of the benchmark's homes, the weeks that training may see, one seed.

    .venv/bin/python -m benchmarks.train_prior

Writes `market/agents/policy/prior.json`; the same data and code write the same file.
"""

import json
import time
from dataclasses import asdict, replace

import numpy as np

from benchmarks import street_of_homes as street
from benchmarks.judged import HALF_STREETS, RECIPE, lessons, trained
from benchmarks.street_lessons import TRAINED, town
from market.agents.policy.weights import PRIOR, Weights, prior

SEED = 1
DIGITS = 6
DATA = "12 homes of the CityLearn challenge 2022 (Fontana, California), by the hour; see benchmarks/homes"


def shipped() -> Weights:
    """The weights with their story, rounded as the file has them."""
    homes = street.read()
    everyone = list(range(homes.load_wh.shape[1]))
    found = trained(lessons(town(homes, everyone), everyone), SEED)
    recipe = {name: value for name, value in asdict(RECIPE).items() if name != "seed"}
    return replace(
        found,
        numbers=np.round(found.numbers, DIGITS),
        mean=np.round(found.mean, DIGITS),
        spread=np.round(found.spread, DIGITS),
        story={
            "made": "trained",
            "seed": SEED,
            "data": DATA,
            "weeks": f"{TRAINED.start} to {TRAINED.stop - 1} from 1 August 2016",
            "streets": f"all homes and {HALF_STREETS} random halves, limits 25 kW in and 20 kW out for 17 homes",
            "recipe": recipe,
        },
    )


def main() -> None:
    begun = time.perf_counter()
    found = shipped()
    PRIOR.write_text(json.dumps(found.as_json(), indent=1) + "\n", encoding="utf-8")
    print(f"{prior().digest}, {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
