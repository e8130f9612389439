"""Load and PV of homes of which the meter shows only what they take and give: what is known, what is estimated.

Known are: the load of homes without panels (their net load), and both parts of homes whose panels have a meter
of their own. For other roofs the yield is *estimated*, from the best there is:

1. roofs with a meter in the same street: the same yield per watt of peak power;
2. none: how far homes with panels stay below what they would take without, in hours in which any of them has
   ever given energy to the grid. What they would take is their own night's load, with the day's shape of the
   homes without panels where there are two or more.

What a home gave is certainly sun, so no estimate is below it. Load is always net load plus PV: the two errors
cancel in the net load, which is what agents order by. Shade, other directions and a plant that stands still
are not seen; self-consumed sun of an unmetered roof is never measured.
"""

import numpy as np
from numpy.typing import NDArray

from market.agents.forecasting.calendar import Calendar, Floats

NIGHT = (0, 6)  # local hours without sun at any time of year in Spain, or hardly any
FEWEST_LIKE = 2  # homes without panels whose shape is worth borrowing


def parts(net_wh: Floats, metered_pv_wh: Floats, peak_w: Floats, calendar: Calendar) -> tuple[Floats, Floats]:
    """Load and PV (homes x slots, Wh, NaN where the net load is unknown), known or estimated as told above.

    `net_wh` and `metered_pv_wh` are homes x slots, the latter NaN where no meter shows the panels' yield;
    `peak_w` is each home's peak power, 0 without panels.
    """
    sunny = peak_w > 0
    metered = ~np.isnan(metered_pv_wh)
    per_watt = _metered_yield(metered_pv_wh, peak_w)
    guessed = _guessed_yield(net_wh, peak_w, calendar) if sunny.any() else np.zeros(net_wh.shape[1])
    per_watt = np.where(np.isnan(per_watt), guessed, per_watt)
    pv_wh = np.where(metered, metered_pv_wh, peak_w[:, None] * per_watt)
    pv_wh = np.maximum(np.where(np.isnan(net_wh), np.nan, pv_wh), np.maximum(-net_wh, 0.0))
    return net_wh + pv_wh, pv_wh


def _metered_yield(metered_pv_wh: Floats, peak_w: Floats) -> Floats:
    """Yield per watt of the roofs that have a meter (slots), NaN where none was read."""
    seen = ~np.isnan(metered_pv_wh) & (peak_w[:, None] > 0)
    watts = (seen * peak_w[:, None]).sum(axis=0)
    wh = np.where(seen, metered_pv_wh, 0.0).sum(axis=0)
    answer: Floats = np.where(watts > 0, wh / np.where(watts > 0, watts, 1.0), np.nan)
    return answer


def _guessed_yield(net_wh: Floats, peak_w: Floats, calendar: Calendar) -> Floats:
    """Yield per watt by how far homes with panels stay below what they would take without (slots)."""
    sunny = peak_w > 0
    below = _without_sun(net_wh, sunny, calendar) - net_wh[sunny]
    seen = ~np.isnan(below)
    watts = (seen * peak_w[sunny, None]).sum(axis=0)
    wh = np.where(seen, below, 0.0).sum(axis=0)
    per_watt = np.clip(wh / np.maximum(watts, 1.0), 0.0, 24 / calendar.per_day)
    gave = np.zeros(calendar.per_day, dtype=bool)
    place = calendar.place[: net_wh.shape[1]]
    gave[place[(np.nan_to_num(net_wh[sunny], nan=0.0) < 0).any(axis=0)]] = True
    answer: Floats = np.where(gave[place], per_watt, 0.0)
    return answer


def _without_sun(net_wh: Floats, sunny: NDArray[np.bool_], calendar: Calendar) -> Floats:
    """What the sunny homes would take without panels (sunny homes x slots, Wh)."""
    hour = calendar.place[: net_wh.shape[1]] * 24 // calendar.per_day
    night = (hour >= NIGHT[0]) & (hour < NIGHT[1])
    own = _means(net_wh[sunny][:, night])
    if (~sunny).sum() < FEWEST_LIKE:
        return np.broadcast_to(own[:, None], (int(sunny.sum()), net_wh.shape[1]))
    others = net_wh[~sunny]
    like = _means(others.T)
    at_night = max(float(np.nan_to_num(_means(others[:, night])).mean()), 1.0)
    return own[:, None] * np.where(np.isnan(like), 1.0, like / at_night)[None, :]


def _means(values: Floats) -> Floats:
    """Mean of what is known of each row, NaN where nothing is."""
    seen = ~np.isnan(values)
    counts = seen.sum(axis=1)
    answer: Floats = np.where(counts > 0, np.where(seen, values, 0.0).sum(axis=1) / np.maximum(counts, 1), np.nan)
    return answer
