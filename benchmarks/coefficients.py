"""Advised coefficients for a year of 30 homes, fixed and by the hour, against trying equal ones once.

    .venv/bin/python -m benchmarks.coefficients

Loading the solver is not counted. Beside the seconds stands what hourly coefficients save more than fixed ones.
"""

import json
import os
import platform
import statistics
import time

import numpy as np

from market.settlement.coefficients.adviser import advise
from market.settlement.coefficients.curves import Curves, clock_groups, savings

HOMES, HOURS, RUNS = 30, 8_760, 3


def street() -> Curves:
    """Sun by the clock, needs and prices at random."""
    chance = np.random.default_rng(1)
    sun = np.maximum(np.sin(np.arange(HOURS) / 24 * 2 * np.pi), 0) * chance.uniform(2_000, 9_000, HOURS)
    need = chance.uniform(0, 2_500, (HOURS, HOMES)).astype(np.int64)
    price, surplus = (
        np.broadcast_to(chance.integers(*span, HOMES), (HOURS, HOMES)).copy()
        for span in ((90_000, 250_000), (0, 80_000))
    )
    return Curves(sun.astype(np.int64), need, price, surplus)


def main() -> None:
    curves, hours = street(), np.arange(HOURS)
    groups = clock_groups(hours % 24, hours // 730 % 12 + 1, (hours // 24 % 7 > 4).astype(np.int64))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; medians of {RUNS}")
    equal = np.full(HOMES, 1_000_000 // HOMES)
    begun = time.perf_counter()
    savings(curves, equal)
    once = time.perf_counter() - begun
    totals = {}
    for figure, group in (("fixed", None), ("hourly", groups)):
        times = []
        for _run in range(RUNS):
            begun = time.perf_counter()
            found = advise(curves, group=group)
            times.append(time.perf_counter() - begun)
        assert found is not None
        totals[figure], seconds = sum(found.saving_neur), statistics.median(times)
        print(f"{figure}: {seconds:.2f} s, {seconds / once:.0f} times as long as pricing one set of coefficients")
        line = {"bench": "coefficients", "figure": f"{figure}_s", "n": HOMES, "value": round(seconds, 3)}
        print(json.dumps(line))
    print(f"hourly ones save {100 * (totals['hourly'] / totals['fixed'] - 1):.1f} % more than fixed ones")


if __name__ == "__main__":
    main()
