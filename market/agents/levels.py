"""Which decision function acts on which level of the ladder (`fallback`)."""

from collections.abc import Callable

from market.agents.decision import Decision
from market.agents.fallback import LEVELS, Level
from market.agents.learned import decide_by_policy
from market.agents.observation import Observation
from market.agents.rule import leave_alone
from market.agents.time_of_use import decide_by_tariff

Decider = Callable[..., Decision]  # (seen: Observation, *, planned: bool) -> Decision

DECIDERS: dict[Level, Decider] = {
    "self_consumption": leave_alone,
    "rule": decide_by_tariff,
    "planner": decide_by_policy,  # with weights that add nothing to the street's planner
    "policy": decide_by_policy,
}


def decide_on(level: Level, seen: Observation, *, planned: bool) -> Decision:
    """The decision of a level; one without a decision function is decided by the next below it."""
    for lower in reversed(LEVELS[: LEVELS.index(level) + 1]):
        if lower in DECIDERS:
            return DECIDERS[lower](seen, planned=planned)
    raise LookupError(f"No decision function for {level} or below.")
