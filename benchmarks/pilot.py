"""How long a pilot's year takes, as the studio lives it: month by month on two processes.

    .venv/bin/python -m benchmarks.pilot            # 10 homes
    .venv/bin/python -m benchmarks.pilot 10 100     # 10 and 100 homes

Beside the seconds stands how much faster that is than one process after the other.
"""

import json
import os
import platform
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from market.agents.policy.weights import prior  # noqa: E402
from market.clearing.simplex import solve  # noqa: E402
from market.pilot.month import START_SOC_PCT, live_month  # noqa: E402
from market.pilot.scenario import PilotHome, Prices, Scenario  # noqa: E402

RUNS, PROCESSES, MONTHS = 3, 2, range(1, 13)
THREE = Prices("three", (229_000, 159_000, 117_000), 55_000)
FLAT = Prices("flat", (172_000, 172_000, 172_000), 70_000)


def street(count: int) -> Scenario:
    """Half of the homes with panels, a third with a battery, a fifth with a car; limits of 1.2 kW a home."""
    homes = tuple(
        PilotHome(
            f"Home {i}",
            "three" if i % 3 else "flat",
            curve=i,
            pv_w=4_000 if i % 2 == 0 else 0,
            battery_wh=7_000 if i % 3 == 0 else 0,
            ev_w=3_700 if i % 5 == 4 else 0,
        )
        for i in range(count)
    )
    return Scenario(2025, homes, (THREE, FLAT), 5_000, 1_200 * count, 900 * count)


def month(count: int, number: int) -> float:
    """Live one month; its seconds."""
    begun = time.perf_counter()
    live_month(street(count), number, prior(), solve)
    return time.perf_counter() - begun


def year(count: int) -> float:
    """Live a year on two processes; its seconds."""
    begun = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        list(pool.map(month, [count] * 12, MONTHS))
    return time.perf_counter() - begun


def in_turn(count: int) -> float:
    """Live a year in one process; its seconds."""
    return sum(month(count, number) for number in MONTHS)


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or [10]
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    for count in counts:
        runs = RUNS if count <= 20 else 1
        seconds = statistics.median(year(count) for _ in range(runs))
        print(f"{count} homes: a year in {seconds:.1f} s (median of {runs}); batteries begin at {START_SOC_PCT} %")
        if count <= 20:
            print(f"in one process {in_turn(count) / seconds:.2f} times as long")
        print(json.dumps({"bench": "pilot", "figure": "seconds_year", "n": count, "value": round(seconds, 1)}))


if __name__ == "__main__":
    main()
