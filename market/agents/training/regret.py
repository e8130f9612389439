"""Realised regret: would last week have been cheaper under somebody else?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from market.agents.policy.weights import Weights
from market.agents.training.lessons import Lesson
from market.agents.training.replay import avoidable, odds, replays
from market.agents.yardsticks.rule import Rule

SURE = 0.975  # odds that another one would have cost less
MATTERS = 0.01  # of the week's cost: less is nobody's reason to change
OWN = "own"


def regret(lesson: Lesson, own: Weights, others: Mapping[str, Weights | Rule], *, seed: int) -> dict[str, Any]:
    """What the last week shows of a policy: days' costs (n€), odds that another would have cost less, and `bad`.

    Bad is a policy that another one would have undercut by more than chance explains, or that broke a limit which
    another one keeps.
    """
    found = replays(lesson, {OWN: own, **others})
    mine = found[OWN]
    lost = {name: mine.day_eur - found[name].day_eur for name in others}
    chances = {name: odds(days, seed) for name, days in lost.items()}
    at_stake = MATTERS * abs(float(mine.day_eur.sum()))
    better = [name for name in others if chances[name] >= SURE and float(lost[name].sum()) > at_stake]
    avoided = int(avoidable(mine, [found[name] for name in others]).sum())
    return {
        "bad": bool(better or avoided),
        "better": better,
        "avoidable": avoided,
        "odds": {name: round(chance, 4) for name, chance in chances.items()},
        "day_neur": {name: np.rint(one.day_eur * 1e9).astype(np.int64).tolist() for name, one in found.items()},
    }
