"""The voltages of lived slots on a street's cable, by the market's own AC power flow."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from market.agents.street import Weeks
from market.grid import Feeder, Line, Transformer, VoltageCollapse, ac_flow
from market.grid.feeder import SHARES

BAND = (0.95, 1.05)
OHM, REACTANCE, AMPERE = 0.020, 0.008, 270.0  # of each of the cable's spans, about 100 m of 150 mm² aluminium
PHASES = ("a", "b", "c")


class Volts(NamedTuple):
    """Slots out of the band, and those of them that inelastic load and cars that cannot wait do not force."""

    out: int
    unforced: int
    lowest_pu: float
    highest_pu: float


def cable(homes: int) -> Feeder:
    """A transformer and one cable with a home at each of its nodes."""
    nodes = ("busbar", *(f"h{home}" for home in range(homes)))
    lines = tuple(
        Line(f"l{i}", above, below, OHM, REACTANCE, AMPERE) for i, (above, below) in enumerate(pairwise(nodes))
    )
    return Feeder(nodes, "busbar", lines, Transformer(160_000, 0.0147, 0.0372), 400.0, 1.0, *BAND)


def volts(home_wh: np.ndarray, firm_wh: np.ndarray, *, single_phase: bool) -> Volts:
    """Of what homes take in hours `[hour, home]`; `firm_wh` is what of it no battery or car moves."""
    feeder = cable(home_wh.shape[1])
    out, unforced, low, high = 0, 0, 1.0, 1.0
    for takes, firm in zip(home_wh, firm_wh, strict=True):
        least, most = _ends(feeder, takes, single_phase=single_phase)
        low, high = min(low, least), max(high, most)
        if least < BAND[0] or most > BAND[1]:
            out += 1
            forced_low, forced_high = _ends(feeder, firm, single_phase=single_phase)
            unforced += not (forced_low < BAND[0] or forced_high > BAND[1])
    return Volts(out, unforced, low, high)


def _ends(feeder: Feeder, takes_w: np.ndarray, *, single_phase: bool) -> tuple[float, float]:
    drawn = np.zeros((len(feeder.nodes), 3))
    for home, power in enumerate(takes_w):
        drawn[1 + home] = power * SHARES[PHASES[home % 3] if single_phase else "abc"]
    try:
        found = ac_flow(feeder, drawn).voltages_pu
    except VoltageCollapse:
        return 0.0, 1.0
    return float(found.min()), float(found.max())


def by_hour(weeks: Weeks, home_wh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What homes take of lived weeks `[slot, week, home]`, and their inelastic load, both `[hour, home]`."""
    homes = home_wh.shape[2]
    return home_wh.transpose(1, 0, 2).reshape(-1, homes), weeks.net_wh.reshape(-1, homes)
