"""A tuned rule by tariff: fill in the cheapest hours up to a level, keep in the middle ones, give in the dear."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from market.agents.policy.bids import cheapest_hours, hours_needed
from market.agents.rungs import Floats, Rungs
from market.agents.street.fleet import Fleet, Weeks
from market.agents.street.live import Asked, State, live

HOURS = 24
NIGHT_SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
MIDDAY = (0.85, 1.05, 1.25)


@dataclass(frozen=True, slots=True)
class Rule:
    """`night_share`: filled from the grid up to this in the cheapest hours. `middle`: what a stored kWh is worth
    in the middle ones, in prices of the hour.
    """

    night_share: float = 0.4
    middle: float = 1.05


class RuleCrowd:
    """Homes that all follow the rule."""

    repeats = 1

    def __init__(self, fleet: Fleet, weeks: Weeks, rule: Rule) -> None:
        self.fleet, self.weeks, self.rule = fleet, weeks, rule
        self.hours = weeks.slot_minutes / 60

    def __call__(self, state: State, rungs: Rungs) -> Asked:
        every = 60 // self.weeks.slot_minutes
        end = min(state.slot + HOURS * every, self.weeks.slots)
        ahead = self.weeks.import_ueur_kwh[:, state.slot : end]
        now, low, high = ahead[:, 0], ahead.min(axis=1), ahead.max(axis=1)
        batteries, cars = self.fleet.batteries, self.fleet.cars
        return Asked(
            self._worth(now, low, high, batteries, rungs.give_at),
            self._worth(now, low, high, batteries, rungs.fill_at),
            self._cars(state, ahead[:, ::every][..., cars]),
        )

    def _worth(self, now: Floats, low: Floats, high: Floats, who: np.ndarray, at: Floats) -> Floats:
        now, low, high = (price[:, who, None] for price in (now, low, high))
        night = np.where(at < self.rule.night_share, low * 1.2, low * 0.8)
        middle = np.broadcast_to(now * self.rule.middle, at.shape)
        dear = np.broadcast_to(low, at.shape)
        return np.where(now <= low, night, np.where(now >= high, dear, middle))

    def _cars(self, state: State, ahead: Floats) -> Floats:
        cars = self.fleet.cars
        if not len(cars):
            return np.zeros((len(ahead), 0))
        window, needed, haste = hours_needed(
            state.need_wh, state.slots_left, self.fleet.car_w[cars], self.hours, ahead.shape[1]
        )
        count, hours, _ = ahead.shape
        ranked = cheapest_hours(np.moveaxis(ahead, 2, 1).reshape(-1, hours)).reshape(
            count, len(cars), hours, hours
        )
        base = ranked[np.arange(count)[:, None], np.arange(len(cars)), window, needed]
        return base * (1 + 0.05 * haste)


def tuned(fleet: Fleet, weeks: Weeks, end_ueur_kwh: float, among: Iterable[Rule] | None = None) -> Rule:
    """The rule that would have cost these weeks least."""
    candidates: Sequence[Rule] = list(
        among or (Rule(night, middle) for night, middle in product(NIGHT_SHARES, MIDDAY))
    )
    costs = [
        float(live(fleet, weeks, RuleCrowd(fleet, weeks, rule), end_ueur_kwh=end_ueur_kwh).cost_eur.sum())
        for rule in candidates
    ]
    return candidates[int(np.argmin(costs))]
