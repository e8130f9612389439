"""Loads that their owner lets off when energy is dearer than they are worth: a pool's pump, a boiler, cooling."""

from market.agents.ladder import Step
from market.agents.observation import Observation


def load_steps(seen: Observation, base_wh: dict[int, int]) -> list[Step]:
    """A step for each load that wants to run in the slot; `base_wh` gets an entry for it.

    Up to its worth it runs, with a neighbour's energy or the retailer's; dearer, it stays off.
    """
    base_wh |= {load.id: 0 for load in seen.loads}
    return [
        Step(load.worth_ueur_kwh, load.wish_wh, load.id, charges=True, with_grid=True)
        for load in seen.loads
        if load.wish_wh
    ]
