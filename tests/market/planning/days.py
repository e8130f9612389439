"""Days and streets for tests, and the full programme in cvxpy that the planner must agree with."""

from dataclasses import replace

import cvxpy as cp
import numpy as np
from hypothesis import strategies as st

from market.grid import Feeder, Line, Transformer
from market.planning import Batteries, Cars, Day, Homes, no_batteries, no_cars

NODES = ("b0", "b1", "b2", "b3")


def ints(*values) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def street(**changes) -> Feeder:
    """b0 — b1 — b2 and b1 — b3."""
    lines = (
        Line("l1", "b0", "b1", 0.1, 0.05, changes.pop("limit_a", None)),
        Line("l2", "b1", "b2", 0.3, 0.1, None),
        Line("l3", "b1", "b3", 0.2, 0.1, None),
    )
    return Feeder(NODES, "b0", lines, Transformer(changes.pop("s_va", None), 0.02, 0.03), **changes)


def homes(load_wh, pv_wh=None, price=200_000, paid=50_000, nodes=None, phases=None) -> Homes:
    """Homes with one load a row; prices may be single figures or arrays."""
    load = np.array(load_wh, dtype=np.int64)
    count = len(load)
    return Homes(
        nodes or ("b1",) * count,
        phases or ("abc",) * count,
        load,
        np.zeros_like(load) if pv_wh is None else np.array(pv_wh, dtype=np.int64),
        np.broadcast_to(np.array(price), load.shape),
        np.broadcast_to(np.array(paid), load.shape),
    )


def battery(home=0, **changes) -> Batteries:
    """One battery of 2 kWh at one home."""
    usual = {
        "home": home, "capacity_wh": 2_000, "held_wh": 0, "initial_wh": 0, "final_wh": 0,
        "charge_w": 6_000, "discharge_w": 6_000, "efficiency_ppm": 900_000,
    }  # fmt: skip
    return Batteries(**{field: ints(value) for field, value in (usual | changes).items()})


def car(home=0, **changes) -> Cars:
    """One car at one home."""
    usual = {"home": home, "arrives": 0, "leaves": 2, "energy_wh": 1_000, "charge_w": 4_000}
    return Cars(**{field: ints(value) for field, value in (usual | changes).items()})


def alone(who: Homes, batteries: Batteries | None = None, cars: Cars | None = None, **fields) -> Day:
    """A day with what is given."""
    return Day(who, batteries or no_batteries(), cars or no_cars(), **fields)


@st.composite
def streets(draw) -> Feeder:
    """Trees of up to five nodes, tight or wide."""
    count = draw(st.integers(1, 5))
    nodes = tuple(f"n{i}" for i in range(count))
    lines = tuple(
        Line(
            f"l{i}", nodes[draw(st.integers(0, i - 1))], nodes[i], draw(st.sampled_from([0.05, 0.3, 0.6])), 0.1,
            draw(st.sampled_from([None, None, 6.0, 15.0])),
        )
        for i in range(1, count)
    )  # fmt: skip
    band = draw(st.sampled_from([0.1, 0.02, 0.008]))
    transformer = Transformer(draw(st.sampled_from([None, 6_000.0, 15_000.0])), 0.02, 0.04)
    return Feeder(nodes, "n0", lines, transformer, v_min_pu=1 - band, v_max_pu=1 + band)


def _table(draw, rows: int, slots: int, values) -> np.ndarray:
    return np.array([[draw(values) for _ in range(slots)] for _ in range(rows)], dtype=np.int64).reshape(
        rows, slots
    )


@st.composite
def days(draw, feeder: Feeder) -> Day:
    """Up to five homes and six slots; batteries, cars, several retailers, now and then prices below zero."""
    count, slots = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    feed_in = _table(draw, count, slots, st.sampled_from([50_000, 50_000, 70_000, 0, -20_000]))
    above = _table(draw, count, slots, st.sampled_from([100_000, 150_000, 5_000, 250_000]))
    who = Homes(
        tuple(draw(st.sampled_from(feeder.nodes)) for _ in range(count)),
        tuple(draw(st.sampled_from(["abc", "a", "b", "c"])) for _ in range(count)),
        _table(draw, count, slots, st.integers(0, 700)),
        _table(draw, count, slots, st.sampled_from([0, 0, 400, 1_500])),
        feed_in + above,
        feed_in,
    )
    having = sorted(draw(st.sets(st.integers(0, count - 1))))
    capacity = ints(*(draw(st.sampled_from([2_000, 5_000])) for _ in having))
    power = ints(*(draw(st.sampled_from([2_000, 4_000])) for _ in having))
    share = [draw(st.sampled_from([0.0, 0.5, 1.0])) for _ in having]
    initial = (capacity * np.array(share).reshape(capacity.shape)).astype(np.int64)
    efficiency = ints(*(draw(st.sampled_from([900_000, 950_000, 1_000_000])) for _ in having))
    batteries = Batteries(
        ints(*having),
        capacity,
        0 * capacity,
        initial,
        np.minimum(initial, capacity // 2),
        power,
        power,
        efficiency,
    )
    parked = draw(st.lists(st.integers(0, count - 1), max_size=2))
    arrives = [draw(st.integers(0, slots)) for _ in parked]
    cars = Cars(
        ints(*parked), ints(*arrives), ints(*(draw(st.integers(first, slots)) for first in arrives)),
        ints(*(draw(st.integers(0, 3_000)) for _ in parked)), ints(*(draw(st.sampled_from([3_700, 7_400])) for _ in parked)),
    )  # fmt: skip
    limits = {
        field: draw(st.sampled_from([None, None, 3_000, 8_000])) for field in ("import_limit_w", "export_limit_w")
    }
    return Day(who, batteries, cars, grid_fee_ueur_kwh=draw(st.sampled_from([0, 5_000])), **limits)


def limit_rows(day: Day, feeder: Feeder) -> tuple[np.ndarray, np.ndarray]:
    """Every limit of the street over the homes' kWh in one slot, written out path by path."""
    into = {line.child: line for line in feeder.lines}

    def path(node: str) -> list[str]:
        return [node, *path(into[node].parent)] if node in into else [node]

    paths = [set(path(node)) for node in day.homes.nodes]
    shares = np.array([[(p in phase) / len(phase) for p in "abc"] for phase in day.homes.phases])
    rows, most = [], []
    for limit_w, sign in ((day.import_limit_w, 1), (day.export_limit_w, -1)):
        if limit_w is not None:
            rows.append(sign * np.ones(len(paths)))
            most.append(limit_w)
    carried = [] if feeder.transformer.s_va is None else [(feeder.root, feeder.transformer.s_va / 3)]
    carried += [(line.child, line.limit_a * feeder.nominal_v / 3**0.5) for line in feeder.lines if line.limit_a]
    for node, limit_w in carried:
        below = np.array([node in up for up in paths], dtype=float)
        for i in range(3):
            rows += [below * shares[:, i], -below * shares[:, i]]
            most += [limit_w, limit_w]
    for node in feeder.nodes:
        for i in range(3):
            drops = np.zeros(len(paths))
            for step in path(node):
                z = (
                    into[step].positive_ohm
                    if step in into
                    else complex(feeder.transformer.r_ohm, feeder.transformer.x_ohm)
                )
                z0 = into[step].zero_ohm if step in into else z
                for j in range(3):
                    ohm = (z0 + 2 * z) / 3 if i == j else (z0 - z) / 3
                    turn = np.exp(-2j * np.pi / 3 * (i - j))
                    fall = 2 * (turn * np.conj(ohm)).real / (feeder.nominal_v**2 / 3)
                    drops += np.array([step in up for up in paths]) * shares[:, j] * fall
            rows += [drops, -drops]
            most += [feeder.slack_pu**2 - feeder.v_min_pu**2, feeder.v_max_pu**2 - feeder.slack_pu**2]
    scale = np.max(np.abs(rows), axis=1)
    felt = scale > 0
    matrix = np.array(rows)[felt] / scale[felt, None]
    return matrix, np.array(most)[felt] / scale[felt] * day.slot_minutes / 60e3


def best_eur(day: Day, feeder: Feeder) -> float:
    """The least cost with every row of every slot, missing and broken energy counted as the planner counts it."""
    who, batteries, cars, hours = day.homes, day.batteries, day.cars, day.slot_minutes / 60
    count, slots = who.load_wh.shape
    need, surplus = np.maximum(who.load_wh - who.pv_wh, 0) / 1e3, np.maximum(who.pv_wh - who.load_wh, 0) / 1e3
    has, parks = np.zeros((count, len(batteries.home))), np.zeros((count, len(cars.home)))
    has[batteries.home, np.arange(len(batteries.home))] = 1
    parks[cars.home, np.arange(len(cars.home))] = 1
    charge_most = np.outer(batteries.charge_w * hours / 1e3, np.ones(slots))
    send_most = np.outer(batteries.discharge_w * hours / 1e3, np.ones(slots))
    here = (cars.arrives[:, None] <= np.arange(slots)) & (np.arange(slots) < cars.leaves[:, None])
    car_most = here * (cars.charge_w * hours / 1e3)[:, None]
    efficiency = (batteries.efficiency_ppm / 1e6)[:, None]

    def some(rows: int) -> cp.Variable:
        return cp.Variable((max(rows, 1), slots), nonneg=True)

    b, c = max(len(batteries.home), 1), max(len(cars.home), 1)
    if not len(batteries.home):
        has, charge_most, send_most = np.zeros((count, 1)), np.zeros((1, slots)), np.zeros((1, slots))
        efficiency = np.ones((1, 1))
    if not len(cars.home):
        parks, car_most = np.zeros((count, 1)), np.zeros((1, slots))
    own, outside, serve, send = some(b), some(b), some(b), some(b)
    car_own, car_in = some(c), some(c)
    held, inside, bought, sold = some(count), some(count), some(count), some(count)
    short = cp.Variable(c, nonneg=True)
    charge, discharge = own + outside, serve + send
    rules = [
        charge <= charge_most, discharge <= send_most, car_own + car_in <= car_most,
        cp.multiply(charge, 1 / np.maximum(charge_most, 1e-9)) + cp.multiply(discharge, 1 / np.maximum(send_most, 1e-9))
        <= 1,
        has @ own + parks @ car_own + held <= surplus,
        has @ outside + parks @ car_in <= np.maximum(has @ charge_most + parks @ car_most - surplus, 0),
        has @ serve <= need, send <= np.maximum(send_most - has.T @ need, 0),
        inside <= parks @ car_in, inside <= has @ send,
    ]  # fmt: skip
    if len(batteries.home):
        stored = (batteries.initial_wh / 1e3)[:, None] + cp.cumsum(
            cp.multiply(efficiency, charge) - cp.multiply(1 / efficiency, discharge), axis=1
        )
        rules += [stored >= (batteries.held_wh / 1e3)[:, None], stored <= (batteries.capacity_wh / 1e3)[:, None]]
        rules += [stored[:, slots - 1] >= batteries.final_wh / 1e3]
    if len(cars.home):
        rules += [cp.sum(car_own + car_in, axis=1) + short == cars.energy_wh / 1e3]
    take = need - has @ serve + has @ outside + parks @ car_in - inside
    give = surplus - has @ own - parks @ car_own - held + has @ send - inside
    matrix, most = limit_rows(day, feeder)
    broken = cp.Variable((max(len(most), 1), slots), nonneg=True)
    if len(most):
        rules += [matrix @ (take - give) - broken <= most[:, None] @ np.ones((1, slots))]
    rules += [bought <= take, sold <= give, cp.sum(take - bought, axis=0) == cp.sum(give - sold, axis=0)]
    price, paid, fee = who.import_ueur_kwh / 1e6, who.feed_in_ueur_kwh / 1e6, day.grid_fee_ueur_kwh / 1e6
    highest = max(0.01, float(np.max(np.abs(price))))
    cost = cp.sum(cp.multiply(price, bought)) - cp.sum(cp.multiply(paid, sold)) + fee * cp.sum(take - bought)
    problem = cp.Problem(cp.Minimize(cost + highest * (10 * cp.sum(short) + 1_000 * cp.sum(broken))), rules)
    problem.solve(solver=cp.HIGHS, warm_start=False)
    return float(problem.value)


def with_slots(day: Day, slots: int) -> Day:
    """The day's homes with so many slots, the first one repeated."""
    who = day.homes

    def wide(values: np.ndarray) -> np.ndarray:
        return np.repeat(values[:, :1], slots, axis=1)

    return replace(
        day, homes=Homes(who.nodes, who.phases, wide(who.load_wh), wide(who.pv_wh), wide(who.import_ueur_kwh), wide(who.feed_in_ueur_kwh))
    )  # fmt: skip
