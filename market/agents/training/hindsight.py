"""Looking back at weeks that happened: what they would have cost alone, by a rule, by the agents, and foreseen."""

from dataclasses import dataclass, replace

import numpy as np

from market.agents.policy.weights import Weights
from market.agents.street import Weeks
from market.agents.training.lessons import Lesson
from market.agents.training.replay import replay
from market.agents.yardsticks.alone import alone
from market.agents.yardsticks.rule import tuned


@dataclass(frozen=True, slots=True)
class LookedBack:
    """€ of all homes of a street over the same weeks, lived again by the hour at the mean of their prices."""

    alone_eur: float
    rule_eur: float
    agents_eur: float
    foresight_eur: float


def look_back(lesson: Lesson, weights: Weights) -> LookedBack:
    """The rule is the best of its kind for these very weeks. Needs HiGHS, for perfect foresight."""
    # Imported here: only workers that train have a solver.
    from market.agents.yardsticks.foresight import foresight

    lesson = replace(lesson, weeks=_at_mean_prices(lesson.weeks))
    fleet, weeks, end = lesson.fleet, lesson.weeks, lesson.end_ueur_kwh
    rule = tuned(fleet, weeks, end)
    return LookedBack(
        alone_eur=float(alone(fleet, weeks, end_ueur_kwh=end).bill_eur.sum()),
        rule_eur=float(replay(lesson, rule).cost_eur.sum()),
        agents_eur=float(replay(lesson, weights).cost_eur.sum()),
        foresight_eur=float(foresight(fleet, weeks, end_ueur_kwh=end).cost_eur.sum()),
    )


def _at_mean_prices(weeks: Weeks) -> Weeks:
    """The weeks with one tariff for all.

    With several, a street pays less the more of its imports fall to homes with cheap ones, which foresight over
    the street's sum knows nothing of: it would not be the least that could be paid.
    """
    bought, fed_in = (
        np.repeat(prices.mean(axis=2, keepdims=True), prices.shape[2], axis=2)
        for prices in (weeks.import_ueur_kwh, weeks.feed_in_ueur_kwh)
    )
    return replace(weeks, import_ueur_kwh=bought, feed_in_ueur_kwh=fed_in)
