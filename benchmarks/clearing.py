"""One slot against the bare solver: our whole `clear` and HiGHS cold on the same problem, in the same run.

    .venv/bin/python benchmarks/clearing.py

The rural feeder is repeated behind one busbar until there is room for all homes; each home has a firm order and
a third of them a battery's ladder of four. "Bare" is `passModel` + `run` of the full linear programme (every
order, every line and voltage row) with the model built beforehand. Printed are medians of interleaved rounds.
"""

import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import highspy
import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from market.clearing import Book, Kind, Order, Rules, Side, clear
from market.clearing.bound import limit_rows
from market.grid import Feeder, Line, Transformer

FEEDER = Path(__file__).resolve().parents[1] / "community" / "demo" / "feeder_simbench_rural1.json"
SIZES, ROUNDS = (10, 100, 1_000), 9


def feeder(copies: int) -> Feeder:
    """`copies` of the rural feeder behind one busbar and one transformer of their joint size."""
    described = json.loads(FEEDER.read_text(encoding="utf-8"))
    root = described["transformer"]["to"]
    nodes, lines = [root], []
    for copy in range(copies):
        names = {bus["id"]: root if bus["id"] == root else f"{bus['id']}.{copy}" for bus in described["buses"]}
        nodes += [name for name in names.values() if name != root]
        reached, waiting = {root}, list(described["lines"])
        while waiting:
            row = waiting.pop(0)
            ends = names[row["frm"]], names[row["to"]]
            if not reached & set(ends):
                waiting.append(row)
                continue
            parent, child = ends if ends[0] in reached else ends[::-1]
            reached.add(child)
            name = f"{row['id']}.{copy}"
            lines.append(Line(name, parent, child, row["r_ohm"], row["x_ohm"], row.get("limit_a")))
    transformer = Transformer(160_000.0 * copies, described["transformer"]["r_ohm_lv"] / copies)
    return Feeder(tuple(nodes), root, tuple(lines), transformer)


def book(homes: int, street: Feeder, *, congested: bool) -> Book:
    """A sunny quarter of an hour; congested where the community may export only half of its surplus."""
    chance = random.Random(homes)
    orders: list[Order] = []

    def add(home: int, side: Side, kind: Kind, energy_wh: int, limit: int, retailer: int) -> None:
        node = street.nodes[1 + home % (len(street.nodes) - 1)]
        orders.append(Order(len(orders), home, node, "abc", side, kind, energy_wh, limit, retailer))

    for home in range(homes):
        charged, paid = chance.choice([172_000, 229_000, 251_000]), chance.choice([45_000, 55_000, 70_000])
        if chance.random() < 0.6:
            add(home, Side.SELL, Kind.FIRM, chance.randint(300, 1_200), chance.randint(40_000, 90_000), paid)
        else:
            add(home, Side.BUY, Kind.FIRM, chance.randint(50, 600), chance.randint(100_000, 251_000), charged)
        if home % 3 == 0:
            for step in range(4):
                add(home, Side.BUY, Kind.FLEXIBLE, 150, 110_000 - step * 12_000 + home % 997, charged)
    surplus_wh = sum(o.energy_wh * (1 if o.side is Side.SELL else -1) for o in orders if o.kind is Kind.FIRM)
    flexible_wh = sum(o.energy_wh for o in orders if o.kind is Kind.FLEXIBLE)
    # Even with every battery charging, a tenth of what is left over must stay on the roofs.
    most_w = 4 * (surplus_wh - flexible_wh) * 9 // 10
    return Book(tuple(orders), 5_000, export_limit_w=max(most_w, 400) if congested else None)


def bare(orders: Book, street: Feeder) -> Callable[[], None]:
    """The full problem, built once; the answer runs HiGHS on it from cold."""
    n = len(orders.orders)
    energy = np.array([order.energy_wh for order in orders.orders], dtype=float)
    buys = np.array([order.side is Side.BUY for order in orders.orders])
    firm = np.array([order.kind is Kind.FIRM for order in orders.orders])
    asked = np.array([order.bound_ueur_kwh for order in orders.orders], dtype=float) / 1e3
    sign = np.where(buys, 1.0, -1.0)
    network, room = limit_rows(orders, street)
    eye = eye_array(n)
    balance = csr_array(np.concatenate([sign, np.zeros(n)])[None, :])
    flows = csr_array(np.hstack([np.zeros(network.shape), network]))
    matrix = csr_array(vstack([balance, hstack([eye, -eye]), flows]))
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = 2 * n, matrix.shape[0]
    model.col_cost_ = np.concatenate([-sign * asked, np.where(firm & ~buys, -50.0, 0.0)])
    model.col_lower_ = np.concatenate([np.zeros(n), np.where(firm & buys, energy, 0.0)])
    model.col_upper_ = np.concatenate([energy, energy])
    model.row_lower_ = np.concatenate([[0.0], np.full(n + len(room), -highspy.kHighsInf)])
    model.row_upper_ = np.concatenate([np.zeros(1 + n), room])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = (
        matrix.indptr, matrix.indices, matrix.data,
    )  # fmt: skip

    def solve() -> None:
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.passModel(model)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ArithmeticError(str(solver.getModelStatus()))

    return solve


def milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - begun)


def measure(homes: int, *, congested: bool) -> tuple[int, float, float]:
    """Number of orders, and the median milliseconds of ours and of the bare solver."""
    street = feeder(-(-homes // 13))
    slot = book(homes, street, congested=congested)
    solve = bare(slot, street)
    clear(slot, street, Rules())  # imports and caches are paid once in a worker's life
    rounds = [(milliseconds(lambda: clear(slot, street, Rules())), milliseconds(solve)) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    return len(slot.orders), ours, theirs


def main() -> None:
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{'homes':>6} {'orders':>7} {'case':>10} {'ours ms':>9} {'bare ms':>9} {'ratio':>7}")
    for homes in SIZES:
        for congested in (False, True):
            orders, ours, theirs = measure(homes, congested=congested)
            case = "congested" if congested else "free"
            print(f"{homes:>6} {orders:>7} {case:>10} {ours:>9.2f} {theirs:>9.2f} {ours / theirs:>7.3f}")
            figure = "bare_ratio_congested" if congested else "bare_ratio"
            said = {"bench": "clearing", "figure": figure, "n": homes, "value": round(ours / theirs, 4)}
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
