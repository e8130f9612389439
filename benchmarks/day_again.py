"""What the preview of "My rules" costs: a day of one home lived again by other rules.

    .venv/bin/python -m benchmarks.day_again [--homes 20 100 1000] [--hours 24] [--keep FOLDER]

A street of so many homes lives through the day's first hours as production does (`benchmarks/year.py`). Homes of
every kind then ask for it with other rules. `first_ms` is the median of who asks first, so that the street is read
and the day is lived by the rules that held, `next_ms` of every further change: milliseconds of the processor,
PostgreSQL apart. `kept_kb` is what is remembered in between, 0 where that would be too large. Of fewer `--hours`
each is what a whole day would come to, slot for slot.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.filled import served
from benchmarks.year import LIVED, live

ASKING, CHANGES, DAY_HOURS = 6, 5, 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, nargs="+", default=[20], help="homes of the street; of several, each")
    parser.add_argument("--hours", type=int, default=DAY_HOURS, help="how much of the day is lived")
    parser.add_argument("--keep", type=Path, help="folder of a database that stays, and is used if it is there")
    asked = parser.parse_args()
    if len(asked.homes) == 1:
        return tell(asked.homes[0], asked.hours, asked.keep)
    for homes in asked.homes:  # a process each: one site is set up once
        keep = [] if asked.keep is None else ["--keep", str(asked.keep / str(homes))]
        told = ["--homes", str(homes), "--hours", str(asked.hours), *keep]
        subprocess.run([sys.executable, "-m", "benchmarks.day_again", *told], check=True)
    return None


def tell(homes: int, hours: int, keep: Path | None) -> None:
    """A line for each figure of a street of so many homes."""
    with served(keep):
        from community.models import Household
        from config.tenancy import across_all

        with across_all():
            if not Household.objects.exists():
                live(homes, at=LIVED + timedelta(hours=hours))
            for figure, value in measured().items():
                told = {"bench": "day_again", "figure": figure, "n": homes, "value": round(value, 1)}
                print(json.dumps(told | {"hours": hours}), flush=True)


def measured() -> dict[str, float]:
    """Medians over homes with batteries, with cars and with neither."""
    from django.core.cache import cache

    from community.models import Household
    from market.clearing.simplex import solve
    from market.queries.mandates import latest_mandate, mandate_terms
    from market.queries.remembered import kept_bytes
    from market.queries.what_if import day_of
    from market.services.day_again import day_again, key_of

    first, later, kept = [], [], []
    for home in Household.objects.order_by("pk")[:ASKING]:
        slots = day_of(home, LIVED.astimezone(home.community.zone).date())
        whole = timedelta(hours=DAY_HOURS) / ((slots[0].end - slots[0].start) * len(slots))
        held = latest_mandate(home)
        assert held is not None, f"{home} has no rules"
        terms = mandate_terms(held)
        cache.clear()
        first.append(whole * spent(lambda: day_again(home, slots, replace(terms, reserve_pct=30), solve)))  # noqa: B023
        later += [
            whole * spent(lambda: day_again(home, slots, replace(terms, reserve_pct=pct), solve))  # noqa: B023
            for pct in range(40, 40 + 10 * CHANGES, 10)
        ]
        kept.append(whole * kept_bytes(key_of(home, slots)) / 1e3)
    figures = {"first_ms": first, "next_ms": later, "kept_kb": kept}
    return {figure: statistics.median(values) for figure, values in figures.items()}


def spent(act: Callable[[], Any]) -> float:
    """Milliseconds of this process."""
    begun = time.process_time()
    act()
    return 1e3 * (time.process_time() - begun)


if __name__ == "__main__":
    main()
