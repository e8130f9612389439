"""The voltages of lived slots on a street's cable, by the market's own AC power flow."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from market.agents.street import Weeks
from market.clearing import Book, Kind, Order, Rules, Side, clear
from market.grid import Feeder, Line, Transformer, VoltageCollapse, ac_flow
from market.grid.feeder import SHARES

BAND = (0.95, 1.05)
OHM, REACTANCE, AMPERE = 0.020, 0.008, 270.0  # of each of the cable's spans, about 100 m of 150 mm² aluminium
PHASES = ("a", "b", "c")
SLACK_PU = 3e-4  # whole Wh and the clearing's own tolerance
RETAIL, FEED_IN = 180_000, 50_000


class Volts(NamedTuple):
    """Hours out of the band as lived; those of them left once the market's clearing knows the cable, and kWh that
    it holds back for that; those that inelastic load alone forces; and the extremes as lived.
    """

    out: int
    left: int
    held_back_kwh: float
    forced: int
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
    phases = [PHASES[home % 3] if single_phase else "abc" for home in range(home_wh.shape[1])]
    out, left, forced, held_kwh, low, high = 0, 0, 0, 0.0, 1.0, 1.0
    for takes, firm in zip(home_wh, firm_wh, strict=True):
        least, most = _ends(feeder, takes, phases)
        low, high = min(low, least), max(high, most)
        if _outside(least, most):
            cleared = _cleared(feeder, takes, firm, phases)
            out += 1
            left += _outside(*_ends(feeder, cleared, phases))
            forced += _outside(*_ends(feeder, firm, phases))
            held_kwh += float(np.abs(takes - cleared).sum()) / 1e3
    return Volts(out, left, round(held_kwh, 1), forced, round(low, 4), round(high, 4))


def _outside(least: float, most: float) -> bool:
    return least < BAND[0] - SLACK_PU or most > BAND[1] + SLACK_PU


def _cleared(feeder: Feeder, takes_wh: np.ndarray, firm_wh: np.ndarray, phases: list[str]) -> np.ndarray:
    """What homes take once the market clears the hour on this cable: what is not firm flows if it may."""
    orders = []
    for home, phase in enumerate(phases):
        for kind, wh in ((Kind.FIRM, firm_wh[home]), (Kind.FLEXIBLE, takes_wh[home] - firm_wh[home])):
            if round(abs(wh)):
                side, price = (Side.BUY, RETAIL) if wh > 0 else (Side.SELL, FEED_IN)
                node = feeder.nodes[1 + home]
                orders.append(Order(len(orders), home, node, phase, side, kind, round(abs(wh)), price, price))
    clearing = clear(Book.of(orders, slot_minutes=60, nodes=feeder.nodes), feeder, Rules())
    flows = np.zeros(len(phases))
    for order, fill in zip(orders, clearing.fills, strict=True):
        flows[order.household_id] += fill.flow_wh if order.side is Side.BUY else -fill.flow_wh
    return flows


def _ends(feeder: Feeder, takes_w: np.ndarray, phases: list[str]) -> tuple[float, float]:
    drawn = np.zeros((len(feeder.nodes), 3))
    for home, phase in enumerate(phases):
        drawn[1 + home] = takes_w[home] * SHARES[phase]
    try:
        found = ac_flow(feeder, drawn).voltages_pu
    except VoltageCollapse:
        return 0.0, 1.0
    return float(found.min()), float(found.max())


def by_hour(weeks: Weeks, home_wh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What homes take of lived weeks `[slot, week, home]`, and their inelastic load, both `[hour, home]`."""
    homes = home_wh.shape[2]
    return home_wh.transpose(1, 0, 2).reshape(-1, homes), weeks.net_wh.reshape(-1, homes)
