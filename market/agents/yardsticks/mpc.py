"""Planning anew every slot: a linear programme over the hours ahead, of which only the present one is carried out.

What engineers usually put in an agent's place. It sees the present slot's net load and the cars that have come,
and for the hours after it the same forecasts as the policy. Batteries and cars get set-points, for all homes at
once: there is no market, and every home's state is known in one place.
"""

from typing import NamedTuple

import numpy as np

from market.agents.planner import Ahead
from market.agents.street.fleet import Fleet, Floats, Ints, Weeks
from market.agents.street.live import BROKEN_WH
from market.agents.yardsticks.programme import Session, planned

HOURS = 30


class Steered(NamedTuple):
    """By week: €, slots that broke a limit, kWh that cars lacked."""

    cost_eur: Floats
    broken_slots: Ints
    unserved_kwh: Floats


class _Week(NamedTuple):
    """One week's figures, prices the street's mean, `[slot]`; `ahead` has a row a slot."""

    net_wh: Floats
    bought: Floats
    fed_in: Floats
    ahead: Ahead


def mpc(
    fleet: Fleet, weeks: Weeks, ahead: Ahead, *, end_ueur_kwh: float, start_share: float = 0.5, hours: int = HOURS
) -> Steered:
    """Live through weeks of hours; `ahead` is `[week · slot, hour]`. At the end of its sight a stored kWh counts
    what the cheapest of the last 24 hours would let it be filled for, as in the planner.
    """
    found = []
    for week in range(weeks.count):
        rows = slice(week * weeks.slots, (week + 1) * weeks.slots)
        known = Ahead(
            ahead.net_wh[rows], ahead.stray_wh, ahead.import_ueur_kwh[rows], ahead.feed_in_ueur_kwh[rows]
        )
        one = _Week(
            weeks.net_wh[week].sum(axis=1),
            weeks.import_ueur_kwh[week].mean(axis=1),
            weeks.feed_in_ueur_kwh[week].mean(axis=1),
            known,
        )
        found.append(_steer(fleet, weeks, week, one, end_ueur_kwh, start_share, hours))
    return Steered(*(np.array(part) for part in zip(*found, strict=True)))


def _steer(
    fleet: Fleet, weeks: Weeks, week: int, one: _Week, end_ueur_kwh: float, start_share: float, hours: int
) -> tuple[float, int, float]:
    stored = start_share * fleet.capacity_wh[fleet.batteries]
    efficiency = fleet.efficiency[fleet.batteries]
    cars: list[Session] = []
    paid, broken, unserved = 0.0, 0, 0.0
    for slot in range(weeks.slots):
        cars += [
            Session(
                int(home), slot, int(weeks.leaves[week, slot, home]), float(weeks.arrives_wh[week, slot, home])
            )
            for home in np.flatnonzero(weeks.arrives_wh[week, slot] > 0)
        ]
        unserved += sum(car.need_wh for car in cars if car.end <= slot) / 1e3
        cars = [car for car in cars if car.end > slot and car.need_wh > 1e-6]
        battery_wh, car_wh = _present(fleet, one, slot, cars, stored, hours)
        gained = np.where(battery_wh > 0, battery_wh * efficiency, battery_wh / efficiency)
        stored = np.clip(stored + gained, 0.0, fleet.capacity_wh[fleet.batteries])
        cars = [
            Session(car.home, car.first, car.end, car.need_wh - wh) for car, wh in zip(cars, car_wh, strict=True)
        ]
        net = max(one.net_wh[slot] + battery_wh.sum() + sum(car_wh), -fleet.export_limit_w)
        paid += net * (one.bought[slot] if net > 0 else one.fed_in[slot])
        broken += int(net > fleet.import_limit_w + BROKEN_WH)
    unserved += sum(car.need_wh for car in cars) / 1e3
    return float(paid - stored.sum() * end_ueur_kwh) / 1e9, broken, unserved


def _present(
    fleet: Fleet, one: _Week, slot: int, cars: list[Session], stored: Floats, hours: int
) -> tuple[Floats, list[float]]:
    """What the plan does in the present slot: Wh AC by battery (− given) and by car."""
    ahead, end = one.ahead, hours - 1
    bought = np.concatenate((one.bought[slot : slot + 1], ahead.import_ueur_kwh[slot, :end]))
    fed_in = np.concatenate((one.fed_in[slot : slot + 1], ahead.feed_in_ueur_kwh[slot, :end]))
    plan = planned(
        fleet,
        np.concatenate(([one.net_wh[slot]], ahead.net_wh[slot, :end])),
        bought,
        fed_in,
        [Session(car.home, 0, min(car.end - slot, hours), car.need_wh) for car in cars],
        stored,
        end_ueur_kwh=float(bought[-24:].min() * fleet.efficiency.max()),
    )
    return plan.battery_wh[:, 0] if len(plan.battery_wh) else np.zeros(0), [wh[0] for wh in plan.session_wh]
