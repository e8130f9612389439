"""A day ahead against the bare solver: our whole `plan_day` and HiGHS cold on the full programme, in the same run.

    .venv/bin/python -m benchmarks.day_ahead [homes …]

The day is synthetic and seeded by the number of homes, 96 quarters of an hour: loads of 60 to 260 W with a
morning, midday and evening hump and log-normal noise; 60 % of homes with 1.5 to 4 kW of sun; batteries of 5 to
13 kWh in 40 %; cars that want 5 to 14 kWh in 25 %, most of them by the morning. A third of homes each pays by the
hour, by three periods, or one price all day. The rural feeder, its lines three times as long, is repeated behind
one busbar; homes are on one phase or on all three. Limits are as tight as the firm load allows: the transformer
and the lower end of the voltage band are a little wider than it needs, the upper end lies below what its sun would
reach.

"Bare" is `passModel` + `run` of the same day with everything from the start: the flow and the squared voltage of
every line, node and phase in every slot (sparse, limits as bounds) and every row behind the meters, the model
built beforehand: once as HiGHS chooses (the dual simplex), once by interior points. Printed are medians of
interleaved rounds, in seconds of processor time (all use one thread); each round checks that all find the same
optimum.
"""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array, vstack

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.rural import feeder
from market.grid import Feeder
from market.grid.network import network_of
from market.planning import Batteries, Cars, Day, DayPlan, Homes, plan_day
from market.planning.columns import WITHDRAWS, Role
from market.planning.plan import NEUR_PER_CT
from market.planning.programme import Programme, programme
from market.planning.street import Street

ROUNDS = {10: 9, 50: 5, 200: 2}
# How much wider than firm load needs, and which part of the rise by the sun is allowed.
TIGHTNESS = {10: (1.3, 0.2), 50: (1.15, 0.5)}
SAME = 1e-7
HIGHS = highspy.Highs().version()


def homes(count: int, street: Feeder, chance: np.random.Generator) -> Homes:
    """Loads, sun and tariffs of a spring day."""
    hour = np.arange(96) / 4
    humps = ((8.0, 1.5, 0.5), (14.0, 1.5, 0.3), (20.5, 2.0, 0.45))
    shape = 0.25 + sum(height * np.exp(-(((hour - at) / width) ** 2)) for at, width, height in humps)
    load = chance.uniform(60, 260, count)[:, None] * shape * chance.lognormal(0, 0.35, (count, 96))
    peak_w = np.where(chance.random(count) < 0.6, chance.uniform(1_500, 4_000, count), 0)
    light = np.maximum(np.sin((hour - 6) / 14 * np.pi), 0) ** 1.3 * ((hour > 6) & (hour < 20))
    clouds = 1 - 0.5 * (chance.random(96) < 0.15) * chance.random(96)
    period = np.where(hour < 8, 0, np.where(((hour >= 10) & (hour < 14)) | ((hour >= 18) & (hour < 22)), 2, 1))
    by_hour = np.repeat(chance.integers(80, 130, 24) * 1_000, 4) + np.array([0, 40_000, 90_000])[period]
    tariffs = np.stack([by_hour, np.array([110_000, 150_000, 225_000])[period], np.full(96, 165_000)])
    who = chance.integers(0, 3, count)
    return Homes(
        nodes=tuple(street.nodes[1 + home % (len(street.nodes) - 1)] for home in range(count)),
        phases=tuple(chance.choice(["abc", "a", "b", "c"], count, p=[0.4, 0.2, 0.2, 0.2])),
        load_wh=load.astype(np.int64),
        pv_wh=(peak_w[:, None] / 4 * light * clouds).astype(np.int64),
        import_ueur_kwh=tariffs[who],
        feed_in_ueur_kwh=np.array([60_000, 45_000, 70_000])[who][:, None],
    )


def day(count: int, street: Feeder) -> Day:
    """The synthetic day of so many homes."""
    chance = np.random.default_rng(1_000 + count)
    who = homes(count, street, chance)
    stored = np.sort(chance.choice(count, round(0.4 * count), replace=False))
    capacity = chance.integers(5, 14, len(stored)) * 1_000
    power = np.full(len(stored), 3_600)
    efficiency = chance.integers(930, 975, len(stored)) * 1_000
    batteries = Batteries(stored, capacity, capacity // 10, capacity // 4, capacity // 4, power, power, efficiency)
    parked = np.sort(chance.choice(count, round(0.25 * count), replace=False))
    early = chance.random(len(parked)) < 0.6
    arrives = np.where(early, 0, chance.integers(34, 70, len(parked)))
    leaves = np.where(early, chance.integers(26, 34, len(parked)), 96)
    charges = np.array([7_360 if who.phases[home] == "abc" else 3_680 for home in parked])
    cars = Cars(parked, arrives, leaves, chance.integers(5, 15, len(parked)) * 1_000, charges)
    return Day(who, batteries, cars, grid_fee_ueur_kwh=5_000)


def case(count: int) -> tuple[Day, Feeder]:
    """A day and a street that is tight for it."""
    street = feeder(-(-count // 13))
    longer = tuple(replace(line, r_ohm=3 * line.r_ohm, x_ohm=3 * line.x_ohm) for line in street.lines)
    street = replace(street, lines=longer)
    planned = day(count, street)
    wider, rise = TIGHTNESS.get(count, (1.05, 0.5))
    free = Street(planned, street)
    flows = free.flows_w(planned.base_kwh)
    volts = np.sqrt(free.squared_pu(flows))
    return planned, replace(
        street,
        transformer=replace(street.transformer, s_va=3 * wider * float(flows[0].max())),
        v_min_pu=1 - wider * (1 - float(volts.min())),
        v_max_pu=1 + rise * (float(volts.max()) - 1),
    )


class Grid(NamedTuple):
    """Rows and bounds of the flows and voltages of all places, phases and slots."""

    rows: csr_array
    right: np.ndarray
    most: np.ndarray


def sparse(entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]], shape: tuple[int, int]) -> csr_array:
    row, column, value = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    return csr_array(coo_array((value, (row, column)), shape=shape))


def grid(given: Programme, street: Feeder) -> Grid:
    """P = ΣP of children + withdrawals (kWh); u = u of the parent − drop, with u = 50·(v² − slack²)."""
    planned, cols, tree = given.day, given.columns, street.tree
    slots, places, width = planned.homes.slots, len(street.nodes), len(given.columns.role)
    size = places * 3 * slots
    place, phase, slot = (axis.ravel() for axis in np.indices((places, 3, slots)))
    own = np.arange(size)
    below = place > 0
    above = (tree.parent[place] * 3 + phase) * slots + slot
    ones = np.ones(size)
    entries = [
        (own, width + own, ones), (above[below], width + own[below], -ones[below]),
        (size + own, width + size + own, ones),
        (size + own[below], width + size + above[below], -ones[below]),
    ]  # fmt: skip
    coupling = network_of(street, balanced=False).drop_p.transpose(2, 0, 1) * 50 * 1e3 / planned.hours
    for other in range(3):
        entries.append((size + own, width + (place * 3 + other) * slots + slot, coupling[place, phase, other]))
    on = Street(planned, street)
    moving = np.flatnonzero(WITHDRAWS[cols.role])
    for one in range(3):
        share = on.shares[cols.home[moving], one]
        row = (on.places[cols.home[moving]] * 3 + one) * slots + cols.slot[moving]
        entries.append((row[share > 0], moving[share > 0], -(WITHDRAWS[cols.role[moving]] * share)[share > 0]))
    drawn = np.zeros((places, 3, slots))
    np.add.at(drawn, on.places, on.shares[:, :, None] * planned.base_kwh[:, None, :])
    rows = sparse(entries, (2 * size, width + 2 * size))
    return Grid(rows, np.concatenate([drawn.ravel(), np.zeros(size)]), np.repeat(on.most_w, 3 * slots))


def behind_meters(given: Programme) -> tuple[csr_array, np.ndarray]:
    """Every row of shared surplus and of shared time, written out."""
    cols, planned = given.columns, given.day
    slots = planned.homes.slots
    own = cols.where(Role.CHARGE_OWN, Role.CAR_OWN, Role.HOLD_BACK)
    shared = (cols.home[own] * slots + cols.slot[own], own, np.ones(len(own)))
    uses = cols.where(Role.CHARGE_OWN, Role.CHARGE_IN, Role.SERVE, Role.SEND)
    unit, slot = cols.unit[uses], cols.slot[uses]
    most = np.where(
        WITHDRAWS[cols.role[uses]] > 0, given.have.charge[unit, slot], given.have.discharge[unit, slot]
    )
    count = len(planned.homes.nodes) * slots
    timed = (count + unit * slots + slot, uses, 1 / most)
    rows = sparse([shared, timed], (count + len(planned.batteries.home) * slots, len(cols.role)))
    upper = np.concatenate([planned.surplus_kwh.ravel(), np.ones(rows.shape[0] - count)])
    wanted = np.diff(rows.indptr) > 1
    return rows[wanted], upper[wanted]


def full(given: Programme, street: Feeder) -> highspy.HighsLp:
    """The whole day with every row."""
    cols, flow = given.columns, grid(given, street)
    size = len(flow.most)
    meters, room = behind_meters(given)
    padded = [csr_array((m.data, m.indices, m.indptr), shape=(m.shape[0], flow.rows.shape[1]))
              for m in (given.matrix, meters)]  # fmt: skip
    matrix = csr_array(vstack([*padded, flow.rows]))
    most = flow.most * given.day.hours / 1e3
    lowest, highest = (50 * (bound**2 - street.slack_pu**2) for bound in (street.v_min_pu, street.v_max_pu))
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = np.concatenate([cols.cost, np.zeros(2 * size)])
    model.col_lower_ = np.concatenate([cols.lower, -most, np.full(size, lowest)])
    model.col_upper_ = np.concatenate([cols.upper, most, np.full(size, highest)])
    model.row_lower_ = np.concatenate([given.row_lower, np.full(len(room), -np.inf), flow.right])
    model.row_upper_ = np.concatenate([given.row_upper, room, flow.right])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    return model


def cold(model: highspy.HighsLp, solver: str) -> float:
    """Solve from nothing; the objective."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("solver", solver)
    highs.passModel(model)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise ArithmeticError(str(highs.getModelStatus()))
    return float(highs.getInfo().objective_function_value)


def timed(work: Callable[[], float]) -> tuple[float, float]:
    """Processor seconds, and the answer."""
    begun = time.process_time()
    answer = work()
    return time.process_time() - begun, answer


def measure(count: int) -> tuple[list[float], DayPlan, highspy.HighsLp]:
    """Median seconds of ours, of the bare solver by default and by interior points; the plan; the bare model."""
    planned, street = case(count)
    given = programme(planned)
    model = full(given, street)
    plan = plan_day(planned, street)  # imports and caches are paid once in a worker's life

    def ours() -> float:
        answer = plan_day(planned, street)
        return (answer.cost_neur + answer.penalty_neur) / NEUR_PER_CT - given.constant_ct

    rounds = []
    for _ in range(ROUNDS.get(count, 1)):
        found = [timed(ours), timed(lambda: cold(model, "choose")), timed(lambda: cold(model, "ipm"))]
        costs = [cost + given.constant_ct for _, cost in found]
        if max(costs) - min(costs) > SAME * abs(costs[1]):
            raise ArithmeticError(f"{count} homes: not the same optimum, {costs} cents.")
        rounds.append([spent for spent, _ in found])
    return [statistics.median(column) for column in zip(*rounds, strict=True)], plan, model


def main() -> None:
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, HiGHS {HIGHS}")
    print("homes    rows columns  added runs slots    ours    bare interior (s)")
    for count in [int(given) for given in sys.argv[1:]] or list(ROUNDS):
        (ours, bare, interior), plan, model = measure(count)
        congested = len({binding.slot for binding in plan.bindings})
        sizes = f"{count:>5} {model.num_row_:>7} {model.num_col_:>7} {plan.rows_added:>6} {plan.runs:>4}"
        print(f"{sizes} {congested:>5} {ours:>7.3f} {bare:>7.3f} {interior:>8.3f}")
        for figure, theirs in (("bare_ratio", bare), ("bare_interior_ratio", interior)):
            said = {"bench": "day_ahead", "figure": figure, "n": count, "value": round(ours / theirs, 4)}
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
