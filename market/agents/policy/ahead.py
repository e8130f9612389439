"""The street's hours ahead from what is expected of each home: what the planner is asked about."""

import numpy as np

from market.agents.planner import Ahead
from market.agents.rungs import Floats

HOURS = 35
# Homes stray from their forecasts together, above all with the sun: so much of the variance is common. On the
# twelve real homes of the benchmark single forecasts miss by 0.5 kWh an hour, their sum by 3.0.
COMMON = 0.2
TO_DEVIATION = 2.563  # from the width between the 10 % and the 90 % quantile


def ahead_of(
    net_wh: Floats,
    width_wh: Floats,
    cars_wh: Floats,
    prices: tuple[Floats, Floats],
    slot_minutes: int,
) -> Ahead:
    """The hours after one slot (n = 1), from its end on.

    `net_wh` and `width_wh` (between the 10 % and the 90 % quantile) are `[home, slot]` from there; `cars_wh`
    `[hour]` what cars are expected to take; `prices` the street's mean import and feed-in price, µ€/kWh `[hour]`.
    Slots that a forecast does not reach are what it says of the same time a day earlier.
    """
    every = 60 // slot_minutes
    net, width = (_hourly(_reaching(values, HOURS * every), every) for values in (net_wh, width_wh))
    single = width / TO_DEVIATION
    stray = np.sqrt((1 - COMMON) * (single**2).sum(axis=0) + COMMON * single.sum(axis=0) ** 2)
    street = net.sum(axis=0) + cars_wh[:HOURS]
    bought, fed_in = (price[None, :HOURS] for price in prices)
    return Ahead(street[None], stray, bought, fed_in)


def _reaching(values: Floats, slots: int) -> Floats:
    """As many slots; beyond the end those of a day before its last."""
    known = values.shape[1]
    if known >= slots:
        return values[:, :slots]
    if not known:
        return np.zeros((len(values), slots))
    return np.tile(values, -(-slots // known))[:, :slots]


def _hourly(values: Floats, every: int) -> Floats:
    """Sums of whole hours."""
    return np.asarray(values.reshape(len(values), -1, every).sum(axis=2))
