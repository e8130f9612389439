"""What a stored kWh is worth to the street: all batteries as one, by dynamic programming over the hours ahead.

V_t(s) is what the street still pays from hour t on with s stored: the mean, over what net load may turn out to be,
of the cheapest way through the hour and on from there. An hour's choice is made once its net load is known, as the
auction does. Prices of the retailers bound it from both sides, limits at the transformer cost `BREAKING` beyond
them. Source of the form: Bellman, Dynamic Programming, 1957; "optimisation as policy" as in Khattar and Jin, 2022.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVELS = 20  # steps of the worth over the usable capacity
BREAKING_UEUR_KWH = 2_000_000  # what a kWh beyond a limit counts
# How the net load may stray from its forecast, in standard deviations, and how likely that is.
STRAYS = ((-1.5, 0.1), (-0.75, 0.2), (-0.25, 0.2), (0.25, 0.2), (0.75, 0.2), (1.5, 0.1))
IMPOSSIBLE = 1e18
AT_ONCE = 32  # slots: what is worked on then stays in the processor's cache


class Store(NamedTuple):
    """The street's batteries as one: usable Wh, AC power (W), one-way efficiency; limits of the street (W)."""

    usable_wh: float
    power_w: float
    efficiency: float
    import_limit_w: float = float("inf")
    export_limit_w: float = float("inf")


class Ahead(NamedTuple):
    """The hours after each of n slots, `[n, hour]`: expected net load of the street without batteries (Wh), its
    standard deviation `[hour]`, and mean prices (µ€/kWh).
    """

    net_wh: Floats
    stray_wh: Floats
    import_ueur_kwh: Floats
    feed_in_ueur_kwh: Floats


def worths(store: Store, ahead: Ahead, end_ueur_kwh: Floats) -> Floats:
    """What one more stored kWh is worth after each slot, µ€, at `LEVELS` levels `[n, level]`, from empty to full.

    `end_ueur_kwh` `[n]` is what it counts at the end of the hours ahead. Without batteries, that throughout.
    """
    count = len(ahead.net_wh)
    if store.usable_wh <= 0 or store.power_w <= 0:
        return np.repeat(end_ueur_kwh[:, None], LEVELS, axis=1)
    answer = np.empty((count, LEVELS))
    for first in range(0, count, AT_ONCE):
        some = slice(first, first + AT_ONCE)
        cost = _costs(store, ahead, end_ueur_kwh[some], some)
        answer[some] = (cost[:, :-1] - cost[:, 1:]) / (store.usable_wh / LEVELS)
    return answer


def _costs(store: Store, ahead: Ahead, end_ueur_kwh: Floats, some: slice) -> Floats:
    """V after some of the slots, n€ `[n, LEVELS + 1]`, from the last hour back to the first."""
    step_wh = store.usable_wh / LEVELS
    moves = np.arange(-LEVELS, LEVELS + 1) * step_wh
    ac_wh = np.where(moves > 0, moves / store.efficiency, moves * store.efficiency)
    # An hour moves whole steps of the grid; a store slower than one step an hour still moves one.
    reach = max(store.power_w, step_wh / store.efficiency) + 1e-6
    barred = np.where(np.abs(ac_wh) <= reach, 0.0, IMPOSSIBLE)
    strays, chances = (np.array(part) for part in zip(*STRAYS, strict=True))
    cost = -end_ueur_kwh[:, None] * np.arange(LEVELS + 1) * step_wh
    for hour in range(ahead.net_wh.shape[1] - 1, -1, -1):
        met = ahead.net_wh[some, hour, None] + strays * ahead.stray_wh[hour]
        prices = ahead.import_ueur_kwh[some, hour], ahead.feed_in_ueur_kwh[some, hour]
        paid = _paid(met[:, :, None] + ac_wh, *prices, store) + barred
        # From level i to level j is the move j − i: windows over the moves, the last of them for level 0.
        by_level = sliding_window_view(paid, LEVELS + 1, axis=2)[:, :, ::-1]
        cheapest = (by_level + cost[:, None, None, :]).min(axis=3)
        cost = np.einsum("s,nsl->nl", chances, cheapest)
    return cost


def _paid(net_wh: Floats, import_ueur_kwh: Floats, feed_in_ueur_kwh: Floats, store: Store) -> Floats:
    """What an hour's exchange `[n, stray, move]` costs (n€): surplus beyond the export limit is not made."""
    given = np.maximum(np.minimum(net_wh, 0.0), -store.export_limit_w)
    taken = np.maximum(net_wh, 0.0)
    paid = taken * import_ueur_kwh[:, None, None] + given * feed_in_ueur_kwh[:, None, None]
    if np.isfinite(store.import_limit_w):
        paid += np.maximum(taken - store.import_limit_w, 0.0) * BREAKING_UEUR_KWH
    return np.asarray(paid)
