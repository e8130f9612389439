"""Sharing whole Wh by a named fairness rule, so that totals are conserved and nobody gets more than asked."""

import numpy as np

from market.grid.feeder import Ints

RULES = ("pro_rata", "equal_share", "need_first", "capped")


def share(rule: str, total_wh: int, asked_wh: Ints, priority: Ints) -> Ints:
    """Split `total_wh` (not above the sum) among orders that are alike. Raises ValueError for an unknown rule.

    >>> share("equal_share", 10, np.array([2, 5, 9]), np.zeros(3, dtype=int)).tolist()
    [2, 4, 4]
    >>> share("need_first", 10, np.array([2, 5, 9]), np.array([0, 0, 3])).tolist()
    [0, 1, 9]
    """
    if rule == "equal_share":
        return fill_up(total_wh, asked_wh)
    if rule == "need_first":
        return _need_first(total_wh, asked_wh, priority)
    if rule in RULES:
        return apportion(total_wh, asked_wh)
    raise ValueError(f"Unknown fairness rule {rule}; there are {', '.join(RULES)}.")


def apportion(total_wh: int, asked_wh: Ints) -> Ints:
    """Split in proportion to what was asked; leftovers go to the largest remainders, the earlier order first.

    >>> apportion(10, np.array([5, 5, 10])).tolist()
    [3, 2, 5]
    """
    whole = int(asked_wh.sum())
    if total_wh == whole:
        return asked_wh.copy()
    if total_wh == 0:
        return np.zeros_like(asked_wh)
    wide = asked_wh.astype(object) if total_wh * int(asked_wh.max()) >= 2**62 else asked_wh
    parts = total_wh * wide // whole
    left = total_wh - int(parts.sum())
    remainders = (total_wh * wide - parts * whole).astype(float)
    parts[np.argsort(-remainders, kind="stable")[:left]] += 1
    return np.asarray(parts, dtype=np.int64)


def fill_up(total_wh: int, asked_wh: Ints) -> Ints:
    """The same to each until its wish is met (water-filling); single Wh left over go to the earlier orders."""
    order = np.argsort(asked_wh, kind="stable")
    rising = asked_wh[order]
    waiting = len(rising) - np.arange(len(rising))
    before = np.concatenate(([0], np.cumsum(rising)[:-1]))
    met = before + rising * waiting <= total_wh  # everybody gets at least this wish
    first = int(np.argmin(met)) if not met.all() else len(rising)
    parts = asked_wh.copy()
    if first < len(rising):
        rest = order[first:]
        level, left = divmod(total_wh - int(before[first]), len(rest))
        parts[rest] = level
        parts[np.sort(rest)[:left]] += 1
    return parts


def _need_first(total_wh: int, asked_wh: Ints, priority: Ints) -> Ints:
    """The highest priority first; inside one priority in proportion."""
    parts = np.zeros_like(asked_wh)
    for level in np.unique(priority)[::-1]:
        group = np.flatnonzero(priority == level)
        portion = min(total_wh, int(asked_wh[group].sum()))
        parts[group] = apportion(portion, asked_wh[group])
        total_wh -= portion
    return parts
