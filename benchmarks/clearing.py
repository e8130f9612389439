"""One slot against the bare solver: the whole clearing, and HiGHS cold on the same full problem, in the same run.

    .venv/bin/python -m benchmarks.clearing [homes ...]

A street has four medium-voltage feeders, a transformer for every 100 homes and low-voltage feeders of 25 homes.
Every home has firm surplus or need, a third also a battery's ladder or a car; three of four homes hang on one
phase (`_balanced`: none). Each round draws another quarter of an hour: calm ones, and sunny or cold ones in which
feeders are at their limits. "Ours" is `clear` and `verify`: prices, fairness, reasons, AC check, independent
verification. "Bare" is HiGHS cold on the whole problem (`bare.py`). Both must reach the same welfare.
"""

import json
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the bare solver has one thread, so have we

import platform
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from math import log10

from benchmarks.bare import bare, full
from benchmarks.naive import double_loop, rebuilt
from market.clearing import Book, Clearing, Kind, Order, Rules, Side, clear, verify
from market.clearing.simplex import solve
from market.grid import Feeder, Line, Transformer, single_node

SIZES = {100: 40, 1_000: 20, 10_000: 5}
RULES = Rules()
STRESS = {False: (1.0, 1.3, 1.5, 0.7, 1.4), True: (1.0, 1.6, 2.0, 0.7, 1.8)}


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


def book(homes: int, feeder: Feeder, chance: random.Random, *, stress: float, balanced: bool = False) -> Book:
    """A quarter of an hour, sunny or at night; `stress` above one pushes feeders to their limits, by sun or by
    cars.

    It varies from feeder to feeder, as roofs and cars do.
    """
    orders: list[Order] = []
    sunny = chance.random() < 0.7
    local = [stress * chance.uniform(0.6, 1.15) for _ in range(1 + homes // 25)]

    def add(home: int, side: Side, kind: Kind, energy_wh: float, limit: int, retailer: int) -> None:
        node, number = f"h{home}", len(orders)
        phase = "abc" if balanced or home % 4 == 3 else "abc"[home % 4]
        orders.append(Order(number, home, node, phase, side, kind, max(int(energy_wh), 1), limit, retailer))

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


def milliseconds(work: Callable[[], object]) -> tuple[float, object]:
    begun = time.perf_counter()
    answer = work()
    return 1e3 * (time.perf_counter() - begun), answer


def ours(orders: Book, feeder: Feeder, rules: Rules = RULES) -> Clearing:
    """One slot from the book to a verified clearing. The book's own lazy figures are part of the work."""
    for name in ("sign", "bound_ueur_kwh", "asked_ueur_kwh", "meets_retailer"):
        orders.__dict__.pop(name, None)
    clearing = clear(orders, feeder, rules, solve)
    problems = verify(orders, feeder, clearing)
    if problems:
        raise AssertionError(problems)
    return clearing


def measure(homes: int, rounds: int, *, balanced: bool) -> dict[str, float]:
    """Medians over slots of every stress in turn, the ratio of each slot, and how many were congested."""
    feeder, chance = street(homes), random.Random(homes)
    slots = [
        book(homes, feeder, chance, stress=STRESS[balanced and homes <= 1_000][i % 5], balanced=balanced)
        for i in range(rounds)
    ]
    for orders in slots[:2]:  # imports and caches are paid once in a worker's life
        ours(orders, feeder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours(slots[2], feeder)
    added_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    rows = []
    for orders in slots:
        lp, constant = full(orders, feeder)
        mine, clearing = milliseconds(lambda orders=orders: ours(orders, feeder))
        by_place, optimal = milliseconds(lambda orders=orders: ours(orders, feeder, Rules(price="locational")))
        theirs, optimum = milliseconds(lambda lp=lp: bare(lp))
        comparable = not (optimal.emergency or optimal.reclears or optimal.forced_ueur_kwh)
        gap = abs(optimal.welfare_neur / 1e6 - (optimum - constant)) / abs(optimum) if comparable else 0.0
        rows.append((bool(clearing.bindings), mine, by_place, theirs, gap))
    tight = [row for row in rows if row[0]] or rows
    return {
        "orders": len(slots[0]),
        "congested": sum(row[0] for row in rows) / len(rows),
        "ours_ms": statistics.median(row[1] for row in rows),
        "bare_ms": statistics.median(row[3] for row in rows),
        "bare_ratio": statistics.median(row[1] / row[3] for row in rows),
        "bare_ratio_locational": statistics.median(row[2] / row[3] for row in rows),
        "congested_ratio": statistics.median(row[1] / row[3] for row in tight),
        "congested_ms": statistics.median(row[1] for row in tight),
        "uncongested_ms": statistics.median([row[1] for row in rows if not row[0]] or [float("nan")]),
        "welfare_gap": max(row[4] for row in rows),
        "added_mib": added_mib,
    }


def book_without_grid() -> float:
    """10,000 orders on one busbar, ms."""
    orders = book(7_000, street(7_000), random.Random(5), stress=1.0)
    rows = (replace(order, node="busbar", phase="abc") for order in orders.orders[:10_000])
    busbar = Book.of(rows, nodes=("busbar",), grid_fee_ueur_kwh=5_000)
    return statistics.median(milliseconds(lambda: ours(busbar, single_node()))[0] for _ in range(15))


def others(homes: int) -> dict[str, float]:
    """The same congested slot through a pure-Python double loop (no grid) and a cvxpy model built anew, ms."""
    feeder = street(homes)
    orders = book(homes, feeder, random.Random(homes), stress=STRESS[False][2])
    return {
        "ours_ms": statistics.median(milliseconds(lambda: ours(orders, feeder))[0] for _ in range(5)),
        "double_loop_ms": milliseconds(lambda: double_loop(orders))[0],
        "cvxpy_rebuild_ms": milliseconds(lambda: rebuilt(orders, feeder))[0],
    }


def say(figure: str, n: int, value: float) -> None:
    print(json.dumps({"bench": "clearing", "figure": figure, "n": n, "value": round(value, 5)}), flush=True)


def main(sizes: list[int]) -> None:
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for suffix, balanced in (("", False), ("_balanced", True)):
        # The whole programme of 10,000 homes on three phases takes HiGHS minutes a slot: balanced only.
        sizes_here = [homes for homes in sizes if balanced or homes <= 1_000]
        found: dict[int, dict[str, float]] = {}
        for homes in sizes_here:
            row = found[homes] = measure(homes, SIZES.get(homes, 10), balanced=balanced)
            told = ", ".join(f"{key} {value:.4g}" for key, value in row.items())
            print(f"{homes:>6} homes{suffix.replace('_', ', ')}: {told}")
            for figure in (
                "bare_ratio",
                "bare_ratio_locational",
                "congested_ratio",
                "uncongested_ms",
                "added_mib",
            ):
                say(figure if homes > 1_000 else figure + suffix, homes, row[figure])
        if len(sizes_here) > 1:
            first, last = sizes_here[0], sizes_here[-1]
            growth = log10(found[last]["congested_ms"] / found[first]["congested_ms"]) / log10(last / first)
            say("growth_exponent" + suffix, last, growth)
    for homes in (size for size in sizes if size <= 1_000):
        for figure, value in others(homes).items():
            say(figure, homes, value)
    say("book_without_grid_ms", 10_000, book_without_grid())


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
