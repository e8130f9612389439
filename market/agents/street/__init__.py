"""The simulated street: many weeks lived in parallel, under the market's own rules, for agents to learn in."""

from market.agents.street.fleet import Fleet, Weeks
from market.agents.street.live import Asked, Decider, Lived, State, live

__all__ = ["Asked", "Decider", "Fleet", "Lived", "State", "Weeks", "live"]
