"""Which weights each home's agent follows."""

from functools import cache

from market.agents.policy.weights import PRIOR, Weights, planner_only, prior
from market.queries.agents import Street


def policies(street: Street) -> dict[int, Weights]:
    """Weights by household: those that ship."""
    return dict.fromkeys(street.homes, _shipped())


@cache
def _shipped() -> Weights:
    return prior() if PRIOR.exists() else planner_only()
