"""The learned policy where things are not as it was trained: late, stale or missing forecasts, another tariff,
quarters of an hour, larger reserves. Nothing is trained again.
"""

import numpy as np

from benchmarks import street_of_homes as street
from benchmarks.judged import Judged
from benchmarks.street_lessons import Case, Town, by_quarters, lesson
from market.agents.policy.weights import Weights, planner_only
from market.agents.rungs import Rungs
from market.agents.street import Asked, State
from market.agents.training.crowd import Crowd
from market.agents.training.lessons import Lesson

REPLAYED = range(street.TRAINED_WEEKS - 8, street.TRAINED_WEEKS)
EVERY_NTH_WEEK = 4  # of quarters of an hour: foresight takes long


class _LateEyes:
    """Homes whose curves are a slot old: they see what was expected, while the slot clears what came."""

    repeats = 1

    def __init__(self, late: Lesson, weights: Weights) -> None:
        self.crowd = Crowd(late.fleet, late.weeks, late.given, late.scale, weights, weights.numbers[None])
        self.expected_wh = late.weeks.expected_wh

    def __call__(self, state: State, rungs: Rungs) -> Asked:
        return self.crowd(state._replace(net_wh=self.expected_wh[:, state.slot]), rungs)


def figures(known: Town, weights: Weights) -> dict[str, float]:
    """Gains by name, all homes, the weeks that nothing was fitted to."""
    everyone, tested = list(range(known.count)), list(known.tested)
    plain = Judged.of(lesson(known, everyone, tested))

    def gain(case: Case) -> float:
        lived = lesson(known, everyone, tested, case).lived(weights)
        return plain.gain(lived.cost_eur)

    usual = plain.gain(plain.lesson.lived(weights).cost_eur)
    order = np.random.default_rng(5).permutation(known.count)
    silent = {share: tuple(order[: round(share * known.count / 100)].tolist()) for share in (10, 30)}
    late = lesson(known, everyone, tested, Case(late=True))
    curves, orders = plain.lived(_LateEyes(late, weights)), late.lived(weights)
    found = {
        "curves_one_slot_late": plain.gain(curves.cost_eur),
        "orders_one_slot_late": plain.gain(orders.cost_eur),
        "curves_one_slot_late_violation_hours": float(plain.broken(curves.broken_slots)),
        "orders_one_slot_late_violation_hours": float(plain.broken(orders.broken_slots)),
        "stale_6_h": gain(Case(stale_hours=6)),
        **{f"silent_{share}_pct": gain(Case(silent=homes)) for share, homes in silent.items()},
    }
    for what in ("curves", "orders"):
        found[f"{what}_one_slot_late_kept"] = found[f"{what}_one_slot_late"] / usual
    for reserve in (30, 50):
        found[f"reserve_{reserve}_pct"] = gain(Case(reserve=reserve / 100))
    return {**found, **_tariff(known, weights), **_quarters(known, weights)}


def _tariff(known: Town, weights: Weights) -> dict[str, float]:
    """Under prices that change by the hour; who may act is chosen by a replay of eight weeks before."""
    everyone, case = list(range(known.count)), Case(tariff=street.spot_prices(known.hours))
    before = lesson(known, everyone, REPLAYED, case)
    after = Judged.of(lesson(known, everyone, list(known.tested), case))
    candidates = {"policy": weights, "planner": planner_only()}
    gains = {name: after.gain(after.lesson.lived(one).cost_eur) for name, one in candidates.items()}
    champion = min(candidates, key=lambda name: before.lived(candidates[name]).cost_eur.sum())
    named = {f"other_tariff_{name}": value for name, value in gains.items()}
    return {**named, "other_tariff_champion": gains[champion]}


def _quarters(known: Town, weights: Weights) -> dict[str, float]:
    """Slots of a quarter of an hour; the same weeks by the hour beside it."""
    some = list(known.tested)[::EVERY_NTH_WEEK]
    hourly = Judged.of(lesson(known, list(range(known.count)), some))
    fine = Judged.of(by_quarters(hourly.lesson))
    lived = fine.lesson.lived(weights)
    return {
        "quarters": fine.gain(lived.cost_eur),
        "quarters_by_the_hour": hourly.gain(hourly.lesson.lived(weights).cost_eur),
        "quarters_violation_slots": float(fine.broken(lived.broken_slots)),
    }
