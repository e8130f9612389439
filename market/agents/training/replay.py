"""Weeks that happened, lived again under each candidate: what the gate and the reviews compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.agents.policy.weights import Weights
from market.agents.rungs import Floats
from market.agents.street import Lived, live
from market.agents.street.live import BROKEN_WH
from market.agents.training.lessons import Lesson
from market.agents.yardsticks.rule import Rule, RuleCrowd

RESAMPLED = 2_000
DAY_HOURS = 24


@dataclass(frozen=True, eq=False, slots=True)
class Replayed:
    """What a candidate made of the weeks: € `[week, home]`, whether the street's limit was broken `[week, slot]`,
    kWh that cars lacked `[week]`, and what the street paid its retailers day by day, € `[week · day]`.
    """

    bill_eur: Floats
    broken: NDArray[np.bool_]
    missing_kwh: Floats
    day_eur: Floats

    @property
    def cost_eur(self) -> Floats:
        """What all homes pay together, by week."""
        return np.asarray(self.bill_eur.sum(axis=1))


def replay(lesson: Lesson, who: Weights | Rule) -> Replayed:
    """The lesson's weeks under a policy or under the rule."""
    if isinstance(who, Rule):
        crowd = RuleCrowd(lesson.fleet, lesson.weeks, who)
        lived = live(lesson.fleet, lesson.weeks, crowd, end_ueur_kwh=lesson.end_ueur_kwh)
    else:
        lived = lesson.lived(who)
    hours = lesson.weeks.slot_minutes / 60
    over = lived.exchange_wh.transpose() > lesson.fleet.import_limit_w * hours + BROKEN_WH
    return Replayed(lived.bill_eur, over, lived.unserved_kwh, _by_day(lesson, lived))


def replays(lesson: Lesson, candidates: Mapping[str, Weights | Rule]) -> dict[str, Replayed]:
    """Each candidate's replay of the same weeks."""
    return {name: replay(lesson, who) for name, who in candidates.items()}


def avoidable(own: Replayed, others: Sequence[Replayed]) -> NDArray[np.bool_]:
    """Slots `[week, slot]` in which a candidate broke the limit while another one kept it.

    What everybody breaks is demand that no battery and no car could have moved.
    """
    if not others:
        return np.zeros_like(own.broken)
    return np.asarray(own.broken & ~np.logical_and.reduce([other.broken for other in others]))


def odds(saved: Floats, seed: int) -> float:
    """How likely `saved` (one figure a week or day, any unit) is above zero on average: a seeded bootstrap.

    Weeks are drawn with replacement; the answer is the share of draws whose mean is positive. Nothing saved is no
    win: of zeros only, 0.
    """
    if not len(saved):
        return 0.0
    chance = np.random.default_rng([seed, len(saved)])
    drawn = chance.integers(0, len(saved), (RESAMPLED, len(saved)))
    return float((saved[drawn].mean(axis=1) > 0).mean())


def _by_day(lesson: Lesson, lived: Lived) -> Floats:
    """What the street paid its retailers each day, with what went into and came out of batteries, €.

    Prices are the mean of the homes'. Trades between neighbours are nobody's cost.
    """
    weeks = lesson.weeks
    exchange = lived.exchange_wh.transpose()
    bought, sold = weeks.import_ueur_kwh.mean(axis=2), weeks.feed_in_ueur_kwh.mean(axis=2)
    paid = np.where(exchange > 0, exchange * bought, exchange * sold)
    half_full = 0.5 * lesson.fleet.capacity_wh[lesson.fleet.batteries].sum()
    stored = np.concatenate(
        (np.full((weeks.count, 1), half_full), lived.stored_wh.sum(axis=2).transpose()), axis=1
    )
    paid = paid - np.diff(stored, axis=1) * lesson.end_ueur_kwh
    a_day = DAY_HOURS * 60 // weeks.slot_minutes
    return np.asarray(paid.reshape(-1, a_day).sum(axis=1) / 1e9)
