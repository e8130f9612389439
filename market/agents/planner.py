"""What a stored kWh is worth to the street: all batteries as one, by dynamic programming over the hours ahead.

V_t(s) is what the street still pays from hour t on with s stored: the mean, over what net load may turn out to be,
of the cheapest way through the hour and on from there. An hour's choice is made once its net load is known, as the
auction does. Prices of the retailers bound it from both sides, limits at the transformer cost `BREAKING` beyond
them. Source of the form: Bellman, Dynamic Programming, 1957; "optimisation as policy" as in Khattar and Jin, 2022.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVELS = 20  # steps of the worth over the usable capacity
BREAKING_UEUR_KWH = 2_000_000  # what a kWh beyond a limit counts
# How the net load may stray from its forecast, in standard deviations, and how likely that is.
STRAYS = ((-1.5, 0.1), (-0.75, 0.2), (-0.25, 0.2), (0.25, 0.2), (0.75, 0.2), (1.5, 0.1))
IMPOSSIBLE = 1e18


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
    count, hours = ahead.net_wh.shape
    if store.usable_wh <= 0 or store.power_w <= 0:
        return np.repeat(end_ueur_kwh[:, None], LEVELS, axis=1)
    grid = np.linspace(0.0, store.usable_wh, LEVELS + 1)
    change = grid[None, :] - grid[:, None]
    ac_wh = np.where(change > 0, change / store.efficiency, change * store.efficiency)
    # An hour moves whole steps of the grid; a store slower than one step an hour still moves one.
    reach = max(store.power_w, store.usable_wh / LEVELS / store.efficiency) + 1e-6
    extra = np.where(np.abs(ac_wh) <= reach, 0.0, IMPOSSIBLE)
    cost = -end_ueur_kwh[:, None] * grid[None, :]
    for hour in range(hours - 1, -1, -1):
        following = cost[:, None, :] + extra[None]
        cost = np.zeros((count, LEVELS + 1))
        for stray, chance in STRAYS:
            net = (ahead.net_wh[:, hour] + stray * ahead.stray_wh[hour])[:, None, None] + ac_wh[None]
            cost += chance * (_paid(net, ahead, hour, store) + following).min(axis=2)
    return np.asarray((cost[:, :-1] - cost[:, 1:]) / (store.usable_wh / LEVELS))


def _paid(net_wh: Floats, ahead: Ahead, hour: int, store: Store) -> Floats:
    """What an hour's exchange costs (n€): surplus beyond the export limit is not made."""
    buys, sells = ahead.import_ueur_kwh[:, hour], ahead.feed_in_ueur_kwh[:, hour]
    paid = np.where(
        net_wh > 0,
        net_wh * buys[:, None, None],
        np.maximum(net_wh, -store.export_limit_w) * sells[:, None, None],
    )
    if np.isfinite(store.import_limit_w):
        paid += np.maximum(net_wh - store.import_limit_w, 0.0) * BREAKING_UEUR_KWH
    return np.asarray(paid)
