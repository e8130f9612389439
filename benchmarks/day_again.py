"""What the preview of "My rules" costs: a day of one home lived again by other rules.

    .venv/bin/python -m benchmarks.day_again [--homes 20] [--keep FOLDER]

A street of so many homes lives through a day as production does (`benchmarks/year.py`). Homes of every kind then
ask for it with other rules. `first_ms` is the median of who asks first, so that the street is read and the day is
lived by the rules that held, `next_ms` of every further change: milliseconds of the processor, PostgreSQL apart;
`kept_kb` is what is remembered in between, 0 where that would be too large.
"""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.filled import arguments, site
from benchmarks.year import LIVED

ASKING, CHANGES = 6, 5


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.set_defaults(homes=20, days=1)
    asked = parser.parse_args()
    asked.street = asked.homes
    with site(asked):
        from config.tenancy import across_all

        with across_all():
            for figure, value in measured().items():
                told = {"bench": "day_again", "figure": figure, "n": asked.homes, "value": round(value, 1)}
                print(json.dumps(told))


def measured() -> dict[str, float]:
    """Medians over homes with batteries, with cars and with neither."""
    from django.core.cache import cache

    from community.models import Household
    from market.clearing.simplex import solve
    from market.queries.mandates import latest_mandate, mandate_terms
    from market.queries.what_if import day_of
    from market.services.day_again import day_again, key_of

    first, later, kept = [], [], []
    for home in Household.objects.order_by("pk")[:ASKING]:
        slots = day_of(home, LIVED.astimezone(home.community.zone).date())
        held = latest_mandate(home)
        assert held is not None, f"{home} has no rules"
        terms = mandate_terms(held)
        cache.clear()
        first.append(spent(lambda: day_again(home, slots, replace(terms, reserve_pct=30), solve)))  # noqa: B023
        later += [
            spent(lambda: day_again(home, slots, replace(terms, reserve_pct=pct), solve))  # noqa: B023
            for pct in range(40, 40 + 10 * CHANGES, 10)
        ]
        kept.append(len(cache.get(key_of(home, slots)) or b"") / 1e3)
    figures = {"first_ms": first, "next_ms": later, "kept_kb": kept}
    return {figure: statistics.median(values) for figure, values in figures.items()}


def spent(act: Callable[[], Any]) -> float:
    """Milliseconds of this process."""
    begun = time.process_time()
    act()
    return 1e3 * (time.process_time() - begun)


if __name__ == "__main__":
    main()
