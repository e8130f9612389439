"""What the weeks would have cost, had everything been known before."""

from typing import NamedTuple

import numpy as np

from market.agents.street.fleet import Fleet, Floats, Ints, Weeks
from market.agents.yardsticks.programme import Planned, Session, planned


class Foreseen(NamedTuple):
    """By week: €, slots in which even foresight breaks the limit, kWh that cars lack."""

    cost_eur: Floats
    broken_slots: Ints
    missing_kwh: Floats


def sessions_of(weeks: Weeks, fleet: Fleet, week: int) -> list[Session]:
    """The cars that come in a week."""
    return [
        Session(
            int(home), int(slot), int(weeks.leaves[week, slot, home]), float(weeks.arrives_wh[week, slot, home])
        )
        for home in fleet.cars
        for slot in np.flatnonzero(weeks.arrives_wh[week, :, home] > 0)
    ]


def foresight(fleet: Fleet, weeks: Weeks, *, end_ueur_kwh: float, start_share: float = 0.5) -> Foreseen:
    """Perfect foresight over each week. Prices are the mean of the homes'."""
    stored = start_share * fleet.capacity_wh[fleet.batteries]
    found: list[Planned] = [
        planned(
            fleet,
            weeks.net_wh[week].sum(axis=1),
            weeks.import_ueur_kwh[week].mean(axis=1),
            weeks.feed_in_ueur_kwh[week].mean(axis=1),
            sessions_of(weeks, fleet, week),
            stored,
            end_ueur_kwh=end_ueur_kwh,
            hours=weeks.slot_minutes / 60,
            wishes_wh=None if weeks.wishes_wh is None else weeks.wishes_wh[week],
        )
        for week in range(weeks.count)
    ]
    return Foreseen(
        np.array([one.cost_eur for one in found]),
        np.array([(one.broken_kwh > 1e-3).sum() for one in found]),
        np.array([one.missing_kwh for one in found]),
    )
