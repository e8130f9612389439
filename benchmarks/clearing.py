"""One slot against the bare solver: the whole clearing, and HiGHS cold on the same full problem, in the same run.

    .venv/bin/python benchmarks/clearing.py [homes ...]

A street has four medium-voltage feeders, a transformer for every 100 homes and low-voltage feeders of 25 homes.
Every home has firm surplus or need, a third also a battery's ladder or a car. Each round draws another quarter
of an hour: calm ones, and sunny or cold ones in which feeders are at their limits. "Ours" is `clear` and
`verify`: prices, fairness, reasons, AC check, independent verification. "Bare" is `passModel` + `run` of the
leanest full linear programme (flows and voltages as columns, two sparse rows a node), its matrix built
beforehand. Both must reach the same welfare.
"""

import json
import os
import platform
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from math import log10

import highspy
import numpy as np
from scipy.sparse import coo_array

from market.clearing import Book, Kind, Order, Rules, Side, clear, verify
from market.clearing.simplex import solve
from market.grid import Feeder, Line, Transformer, network_of, single_node

SIZES = {100: 40, 1_000: 24, 10_000: 10}
RULES = Rules()


def street(homes: int) -> Feeder:
    """Medium-voltage feeders, transformers as lines, low-voltage feeders of 25 homes; all referred to 400 V."""
    nodes, lines = ["mv"], []

    def line(
        parent: str, child: str, r: float, x: float, limit_a: float | None, transformer: bool = False
    ) -> None:
        nodes.append(child)
        lines.append(Line(f"l{len(lines)}", parent, child, r, x, limit_a, is_transformer=transformer))

    before = ["mv"] * 4
    for station in range(-(-homes // 100)):
        on = station % 4
        line(before[on], f"s{station}", 6e-5, 4e-5, None)
        before[on] = f"s{station}"
        line(f"s{station}", f"t{station}", 0.0032, 0.012, 580.0, transformer=True)
        for feeder in range(4):
            last = f"t{station}"
            for home in range(min(25, max(0, homes - 100 * station - 25 * feeder))):
                name = f"h{100 * station + 25 * feeder + home}"
                line(last, name, 0.0062, 0.0024, 270.0)
                last = name
    return Feeder(tuple(nodes), "mv", tuple(lines), Transformer(), v_min_pu=0.95, v_max_pu=1.05, slack_pu=1.01)


def book(homes: int, feeder: Feeder, chance: random.Random, *, stress: float) -> Book:
    """A quarter of an hour, sunny or at night; `stress` above one pushes feeders to their limits, by sun or by
    cars.

    It varies from feeder to feeder, as roofs and cars do.
    """
    orders: list[Order] = []
    sunny = chance.random() < 0.5
    local = [stress * chance.uniform(0.6, 1.15) for _ in range(1 + homes // 25)]

    def add(home: int, side: Side, kind: Kind, energy_wh: float, limit: int, retailer: int) -> None:
        node, number = f"h{home}", len(orders)
        orders.append(Order(number, home, node, "abc", side, kind, max(int(energy_wh), 1), limit, retailer))

    for home in range(homes):
        charged, paid = chance.choice([172_000, 229_000, 251_000]), chance.choice([45_000, 55_000, 70_000])
        if chance.random() < (0.6 if sunny else 0.1):
            wish = chance.randrange(45_000, 95_000, 1_000)
            add(home, Side.SELL, Kind.FIRM, local[home // 25] * chance.uniform(300, 1_300), wish, paid)
        else:
            wish = chance.randrange(100_000, 252_000, 1_000)
            add(home, Side.BUY, Kind.FIRM, chance.uniform(50, 600), wish, charged)
        if home % 3 == 0:
            value = chance.randrange(70_000, 160_000, 1_000)
            add(home, Side.BUY, Kind.FLEXIBLE, 500, value - 15_000, charged)
            add(home, Side.SELL, Kind.FLEXIBLE, 500, value + 15_000, paid)
        elif not sunny:
            add(
                home,
                Side.BUY,
                Kind.FLEXIBLE,
                local[home // 25] * 900,
                chance.randrange(200_000, 300_000, 1_000),
                charged,
            )
    return Book.of(orders, nodes=feeder.nodes, grid_fee_ueur_kwh=5_000, import_limit_w=4_000 * homes)


def full(book: Book, feeder: Feeder) -> tuple[highspy.HighsLp, float]:
    """The whole problem as HiGHS takes it, and the constant that its optimum lacks of the welfare (m€)."""
    network = network_of(feeder, balanced=True)
    count, n = len(network.end), len(book)
    places = feeder.places[book.node]
    buys, firm, sign = book.buys, book.firm, book.sign
    limit, retailer = book.limit_ueur_kwh / 1e3, book.retailer_ueur_kwh / 1e3
    bound, fee, energy = book.bound_ueur_kwh / 1e3, book.grid_fee_ueur_kwh / 1e3, book.energy_wh / 1e3
    matched = np.where(buys, np.where(firm, bound, limit), np.where(firm, retailer - bound - fee, -(limit + fee)))
    served = np.where(firm, np.where(buys, 0.0, retailer), sign * (limit - retailer))
    two = np.flatnonzero((firm | (served >= 0)) & ~(firm & buys))
    moves = np.flatnonzero(~(firm & buys))
    x, y, p, v = np.arange(n), n + np.arange(len(two)), n + len(two), n + len(two) + count
    kw = 60 / book.slot_minutes
    fixed = np.bincount(places[firm & buys], energy[firm & buys] * kw, count)
    rows, columns, figures = [], [], []

    def put(row: np.ndarray, column: np.ndarray, figure: np.ndarray | float) -> None:
        rows.append(row)
        columns.append(column)
        figures.append(np.broadcast_to(figure, row.shape))

    at = np.arange(count)
    put(np.zeros(n, dtype=int), x, sign)
    put(1 + at, p + at, 1.0)
    put(1 + network.parent[1:], p + at[1:], -1.0)
    put(1 + places[moves], x[moves], -sign[moves] * kw)
    put(1 + places[two], y, -sign[two] * kw)
    put(1 + count + at, v + at, 1.0)
    put(1 + count + at[1:], v + network.parent[1:], -1.0)
    put(1 + count + at, p + at, 50 * 1e3 * network.drop_p[0, 0])
    put(1 + 2 * count + np.arange(len(two)), x[two], 1.0)
    put(1 + 2 * count + np.arange(len(two)), y, 1.0)
    height, width = 1 + 2 * count + len(two), v + count
    matrix = coo_array(
        (np.concatenate(figures), (np.concatenate(rows), np.concatenate(columns))), (height, width)
    ).tocsr()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = width, height
    most = network.most_w[0] / 1e3
    infinite = highspy.kHighsInf
    most = np.where(np.isfinite(most), most, infinite)
    if book.import_limit_w is not None:
        most[0] = min(most[0], book.import_limit_w / 1e3)
    low, high = 50 * (feeder.v_min_pu**2 - 1), 50 * (feeder.v_max_pu**2 - 1)
    lp.col_cost_ = -np.concatenate((matched, served[two], np.zeros(2 * count)))
    lp.col_lower_ = np.concatenate((np.zeros(n + len(two)), -network.most_w[0] / 1e3, np.full(count, low)))
    lp.col_upper_ = np.concatenate((energy, energy[two], most, np.full(count, high)))
    start = np.zeros(count)
    start[0] = 50 * (feeder.slack_pu**2 - 1)
    equal = np.concatenate(([0.0], fixed, start))
    lp.row_lower_ = np.concatenate((equal, np.full(len(two), -infinite)))
    lp.row_upper_ = np.concatenate((equal, energy[two]))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    return lp, float((retailer * energy)[firm & ~buys].sum())


def bare(lp: highspy.HighsLp) -> float:
    """The optimum (m€) from cold; nan if firm energy alone breaks a limit."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(lp)
    solver.run()
    optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return -solver.getInfo().objective_function_value if optimal else float("nan")


def milliseconds(work: Callable[[], object]) -> tuple[float, object]:
    begun = time.perf_counter()
    answer = work()
    return 1e3 * (time.perf_counter() - begun), answer


def ours(orders: Book, feeder: Feeder) -> object:
    """One slot from the book to a verified clearing. The book's own lazy figures are part of the work."""
    for name in ("sign", "bound_ueur_kwh", "asked_ueur_kwh", "meets_retailer"):
        orders.__dict__.pop(name, None)
    clearing = clear(orders, feeder, RULES, solve)
    problems = verify(orders, feeder, clearing)
    if problems:
        raise AssertionError(problems)
    return clearing


def measure(homes: int, rounds: int) -> dict[str, float]:
    """Medians over slots, the ratio per slot and figures of how many were congested."""
    feeder, chance = street(homes), random.Random(homes)
    slots = [book(homes, feeder, chance, stress=stress) for stress in [1.0, 2.2, 3.0, 0.7, 2.6] * (rounds // 5)]
    ours(slots[0], feeder)  # imports and caches are paid once in a worker's life
    ours(slots[1], feeder)
    times, free, congested, gaps = [], [], 0, []
    for orders in slots:
        lp, constant = full(orders, feeder)
        mine, clearing = milliseconds(lambda orders=orders: ours(orders, feeder))
        theirs, optimum = milliseconds(lambda lp=lp: bare(lp))
        congested += bool(clearing.bindings)
        (times if clearing.bindings else free).append((mine, theirs))
        if not clearing.emergency and not clearing.reclears and clearing.forced_ueur_kwh is None:
            gaps.append(abs(clearing.welfare_neur / 1e6 - (optimum - constant)) / max(abs(optimum), 1.0))
    everything = times + free
    return {
        "orders": len(slots[0]),
        "congested": congested / len(slots),
        "ours_ms": statistics.median(mine for mine, _ in everything),
        "bare_ms": statistics.median(theirs for _, theirs in everything),
        "bare_ratio": statistics.median(m / t for m, t in everything),
        "congested_ratio": statistics.median(m / t for m, t in times),
        "congested_ms": statistics.median(m for m, _ in times),
        "uncongested_ms": statistics.median(m for m, _ in free),
        "welfare_gap": max(gaps, default=0.0),
    }


def book_without_grid() -> float:
    """10,000 orders on one busbar, ms."""
    chance = random.Random(5)
    orders = book(7_000, street(7_000), chance, stress=1.0)
    rows = (replace(order, node="busbar") for order in orders.orders[:10_000])
    busbar = Book.of(rows, grid_fee_ueur_kwh=5_000)
    return statistics.median(milliseconds(lambda: ours(busbar, single_node()))[0] for _ in range(15))


def say(figure: str, n: int, value: float) -> None:
    print(json.dumps({"bench": "clearing", "figure": figure, "n": n, "value": round(value, 5)}), flush=True)


def main(sizes: list[int]) -> None:
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    found: dict[int, dict[str, float]] = {}
    for homes in sizes:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        row = found[homes] = measure(homes, SIZES.get(homes, 10))
        row["added_mib"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{homes:>6} homes: " + ", ".join(f"{key} {value:.4g}" for key, value in row.items()))
        for figure in ("bare_ratio", "congested_ratio", "uncongested_ms"):
            say(figure, homes, row[figure])
    if len(sizes) > 1:
        first, last = sizes[0], sizes[-1]
        growth = log10(found[last]["congested_ms"] / found[first]["congested_ms"]) / log10(last / first)
        say("growth_exponent", last, growth)
    say("book_without_grid_ms", 10_000, book_without_grid())


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
