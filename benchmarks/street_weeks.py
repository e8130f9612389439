"""Stressed weeks of two rural feeders: every quarter of an hour cleared, and each result checked under AC.

    .venv/bin/python -m benchmarks.street_weeks [every nth slot]

Feeders and curves: SimBench (benchmarks/feeders/ATTRIBUTION.md); the orders made of them: benchmarks/simbench.py.
Bands are relative to the voltage without load. Whether a limit is broken after clearing is judged by
power-grid-model, which shares no code with ours; welfare and rent are compared with the full linear programme of
the tests.
"""

import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.newton import States
from benchmarks.simbench import SLOTS, Home, book, homes, street
from market.clearing import Book, Clearing, Rules, Side, clear
from market.grid import SHARES, Feeder
from tests.market.clearing.full_programme import NothingFits, solve, welfare_neur

# Beyond this share of a current, or this much of the nominal voltage, a limit is broken: what whole Wh can move
# (half a Wh of each of a hundred homes) and the clearing's own tolerances are inside.
CURRENT_TOLERANCE, VOLTAGE_TOLERANCE_PU = 4e-3, 3e-4


@dataclass(frozen=True, slots=True)
class Week:
    """A week: whose curves, how many times as much load and sun, the band in % about the voltage without load."""

    name: str
    feeder: str
    season: str
    load_times: float = 1.0
    solar_times: float = 1.0
    rise_pct: float | None = None
    fall_pct: float | None = None
    single_phases: bool = False
    known: str = ""  # what the same stress gave with balanced phases, reactive power and other limit prices


WEEKS = (
    Week("sun 1", "rural1", "summer", known="10.75 h, 292 kWh = 3.6 %, rent 9.61 €"),
    Week("sun 1, +2 %", "rural1", "summer", rise_pct=2.0, fall_pct=5.0),
    Week("sun 2 ×3", "rural2", "summer", solar_times=3.0),
    Week("sun 2 ×3, +2 %", "rural2", "summer", solar_times=3.0, rise_pct=2.0, fall_pct=5.0,
         known="24.0 h, 965 kWh = 8.0 %, rent 48.87 €"),
    Week("cold 1 ×2.5, −2 %", "rural1", "winter", load_times=2.5, rise_pct=3.0, fall_pct=2.0),
    Week("cold 2 ×4, −4 %", "rural2", "winter", load_times=4.0, rise_pct=3.0, fall_pct=4.0,
         known="37.75 h, 1,351 kWh = 4.5 %, rent 212 €"),
    Week("cold 2 ×4, one phase", "rural2", "winter", load_times=4.0, rise_pct=3.0, fall_pct=5.0,
         single_phases=True),
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """What a week's clearings came to."""

    slots: int = 0
    binding: int = 0
    reclears: Counter[int] = field(default_factory=Counter)
    emergencies: int = 0
    by_element: Counter[str] = field(default_factory=Counter)
    cut_wh: Counter[Side] = field(default_factory=Counter)
    asked_wh: Counter[Side] = field(default_factory=Counter)
    rent_neur: float = 0.0
    welfare_neur: float = 0.0
    left_neur: float = 0.0  # welfare below the linear optimum, slots that AC left alone
    left_ac_neur: float = 0.0  # the same, slots cleared again
    seconds: list[float] = field(default_factory=list)
    drawn_w: list[np.ndarray] = field(default_factory=list)


def run(week: Week, every: int = 1) -> tuple[Feeder, Tally]:
    """Clear every nth slot of a week."""
    feeder = street(week.feeder, week.rise_pct, week.fall_pct)
    neighbours = homes(week.feeder, week.season, single_phases=week.single_phases)
    tally = Tally()
    for slot in range(0, SLOTS, every):
        _clear(week, feeder, neighbours, slot, tally)
    return feeder, tally


def _clear(week: Week, feeder: Feeder, neighbours: Sequence[Home], slot: int, tally: Tally) -> None:
    orders = book(neighbours, slot, week.load_times, week.solar_times)
    begun = time.perf_counter()
    clearing = clear(orders, feeder, Rules())
    tally.seconds.append(time.perf_counter() - begun)
    tally.slots += 1
    tally.emergencies += clearing.emergency
    tally.reclears[clearing.reclears] += 1
    tally.drawn_w.append(drawn_w(orders, feeder, clearing))
    welfare = welfare_neur(orders, feeder, clearing)
    tally.welfare_neur += welfare
    sides = {order.id: order for order in orders.orders}
    for fill in clearing.fills:
        order = sides[fill.order_id]
        tally.asked_wh[order.side] += order.energy_wh
        tally.cut_wh[order.side] += order.energy_wh - fill.flow_wh
    if clearing.bindings:
        tally.binding += 1
        tally.by_element.update({binding.element for binding in clearing.bindings})
        _compare(orders, feeder, welfare, clearing, tally)


def _compare(orders: Book, feeder: Feeder, welfare: int, clearing: Clearing, tally: Tally) -> None:
    """Set a congested slot beside the linear optimum."""
    try:
        best = solve(orders, feeder)
    except NothingFits:
        return
    tally.rent_neur += sum(best.rent_neur.values())
    if clearing.reclears:
        tally.left_ac_neur += best.welfare_neur - welfare
    else:
        tally.left_neur += best.welfare_neur - welfare


def drawn_w(orders: Book, feeder: Feeder, clearing: Clearing) -> np.ndarray:
    """W of every node and phase that a clearing comes to."""
    drawn = np.zeros((len(feeder.nodes), 3))
    sides = {order.id: order for order in orders.orders}
    for fill in clearing.fills:
        order = sides[fill.order_id]
        sign = 1 if order.side is Side.BUY else -1
        drawn[feeder.index[order.node]] += sign * fill.flow_wh * 60 / orders.slot_minutes * SHARES[order.phase]
    return drawn


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the second opinion found: slots that break a limit, and the worst of each kind."""

    broken: int
    voltage_min_pu: float
    voltage_max_pu: float
    fullest_line: float
    fullest_transformer: float
    loss_wh: float


def judge(feeder: Feeder, tally: Tally) -> Judgement:
    """Every cleared slot under AC by power-grid-model."""
    states = States(feeder, np.array(tally.drawn_w))
    lines = (states.currents_a / feeder.line_limits_a[:, None]).max(axis=(1, 2))
    rated_va = feeder.transformer.s_va or np.inf
    transformer = states.transformer_va.max(axis=1) / (rated_va / 3)
    low, high = states.voltages_pu.min(axis=(1, 2)), states.voltages_pu.max(axis=(1, 2))
    broken = (lines > 1 + CURRENT_TOLERANCE) | (transformer > 1 + CURRENT_TOLERANCE)
    broken |= (low < feeder.v_min_pu - VOLTAGE_TOLERANCE_PU) | (high > feeder.v_max_pu + VOLTAGE_TOLERANCE_PU)
    return Judgement(
        broken=int(broken.sum()),
        voltage_min_pu=float(low.min()),
        voltage_max_pu=float(high.max()),
        fullest_line=float(lines.max()),
        fullest_transformer=float(transformer.max()),
        loss_wh=float(states.loss_w.sum()) / 4,
    )


def figures(week: Week, feeder: Feeder, tally: Tally) -> dict[str, float]:
    """A week's figures, by name."""
    found = judge(feeder, tally)
    cut_side = Side.BUY if week.season == "winter" else Side.SELL
    cut_wh, asked_wh = tally.cut_wh[cut_side], tally.asked_wh[cut_side]
    redone = sum(count for times, count in tally.reclears.items() if times)
    return {
        "slots": tally.slots,
        "binding_slots": tally.binding,
        "binding_hours": tally.binding / 4,
        "recleared_slots": redone,
        "most_reclears": max(tally.reclears),
        "emergencies": tally.emergencies,
        "broken_under_ac": found.broken,
        "curtailed_kwh": round(cut_wh / 1e3, 1),
        "curtailed_pct": round(100 * cut_wh / asked_wh, 2),
        "rent_eur": round(tally.rent_neur / 1e9, 2),
        "welfare_left_pct": round(100 * tally.left_neur / tally.welfare_neur, 4),
        "welfare_left_by_ac_pct": round(100 * tally.left_ac_neur / tally.welfare_neur, 4),
        "voltage_min_pu": round(found.voltage_min_pu, 4),
        "voltage_max_pu": round(found.voltage_max_pu, 4),
        "fullest_line_pct": round(100 * found.fullest_line, 1),
        "fullest_transformer_pct": round(100 * found.fullest_transformer, 1),
        "loss_kwh": round(found.loss_wh / 1e3, 1),
        "ms_per_slot": round(1e3 * float(np.median(tally.seconds)), 2),
        "ms_worst_slot": round(1e3 * max(tally.seconds), 1),
    }


def main() -> None:
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("| Week | Binding | Cleared again | Broken under AC | Held back | Rent | Left on the table | Voltage |")
    print("|---|---|---|---|---|---|---|---|")
    for week in WEEKS:
        feeder, tally = run(week, every)
        said = figures(week, feeder, tally)
        print(
            f"| {week.name} | {said['binding_slots']} ({said['binding_hours']} h) "
            f"| {said['recleared_slots']} (most {said['most_reclears']}×, {said['emergencies']} emergencies) "
            f"| {said['broken_under_ac']} "
            f"| {said['curtailed_kwh']:,.0f} kWh ({said['curtailed_pct']} %) | {said['rent_eur']} € "
            f"| {said['welfare_left_pct']} % + {said['welfare_left_by_ac_pct']} % "
            f"| {said['voltage_min_pu']} to {said['voltage_max_pu']} |"
        )
        hours = ", ".join(f"{name} {count / 4} h" for name, count in tally.by_element.most_common(4))
        print(f"    by element: {hours or 'none'}; known: {week.known or 'nothing'}")
        for figure, value in said.items():
            print(json.dumps({"bench": "street_weeks", "week": week.name, "figure": figure, "value": value}))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
