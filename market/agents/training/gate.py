"""The gate: what a trained policy must show on weeks it never saw before any home may follow it.

Candidates live through the same held-out weeks: the tuned rule, the planner alone, the champion that decides now
and the challenger. The challenger goes on only if it is cheaper than champion and rule beyond chance, breaks no
limit that another one keeps, leaves no home above what it would pay alone, serves the cars as well as the others,
and does not make it pay more to misstate one's wishes. What it says is plain JSON: codes and facts, worded
elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from market.agents.policy.weights import Weights
from market.agents.rungs import Floats
from market.agents.training.lessons import Lesson
from market.agents.training.replay import Replayed, avoidable, odds, replays
from market.agents.yardsticks.alone import alone
from market.agents.yardsticks.rule import Rule
from market.grid.fairness import gini, jain

ENOUGH = 0.9  # odds that the challenger is cheaper
TOLERATED_EUR = 0.005  # a home counts as above its bill alone from half a cent a week
MISSING_KWH = 0.1  # a week, that cars may lack beyond the others
EXPLOIT_NOISE = 0.01  # two searches for the best lie differ by this much
KINDS = ("both", "battery", "panels", "none")
RULE, PLANNER, CHAMPION, CHALLENGER = "rule", "planner", "champion", "challenger"

Exploited = Callable[[Weights], float | None]


class Homes(NamedTuple):
    """Which home each column of a lesson is, and what stands in it: one of `KINDS`."""

    ids: tuple[int, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was looked at: a code, whether it speaks for the challenger, and the figures."""

    code: str
    ok: bool
    facts: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """As the report keeps it."""
        return {"code": self.code, "ok": self.ok, "facts": self.facts}


def verdict(
    found: Mapping[str, Replayed],
    alone_eur: Floats,
    homes: Homes,
    exploited: Mapping[str, float | None],
    seed: int,
    against: Sequence[str] = (CHAMPION, RULE),
) -> tuple[Reason, ...]:
    """What speaks for and against the challenger; it passes if every reason is ok.

    `alone_eur` is each home's bill by itself `[week, home]`; `exploited` what the best lie brings a home, as a
    share of its saving.
    """
    new, others = found[CHALLENGER], [one for name, one in found.items() if name != CHALLENGER]
    return (
        *(_cheaper(new, found[name], name, seed) for name in against),
        _limits(new, others),
        *_homes(new, found.get(CHAMPION, found[RULE]), alone_eur, homes),
        _cars(new, others),
        _exploitability(exploited.get(CHALLENGER), exploited.get(CHAMPION)),
    )


def judge(
    lesson: Lesson,
    homes: Homes,
    candidates: Mapping[str, Weights | Rule],
    *,
    seed: int,
    exploited: Exploited | None = None,
    against: Sequence[str] = (CHAMPION, RULE),
) -> dict[str, Any]:
    """The gate's report on held-out weeks: figures of every candidate and, if one is a challenger, the verdict.

    Money is in n€. `candidates` holds `RULE` at least; the challenger must be cheaper than those whom it stands
    `against`. Without a champion the rule is who decides so far.
    """
    found = replays(lesson, candidates)
    by_itself = alone(lesson.fleet, lesson.weeks, end_ueur_kwh=lesson.end_ueur_kwh).bill_eur
    lies = {
        name: exploited(who)
        for name, who in candidates.items()
        if exploited is not None and isinstance(who, Weights) and name in {CHAMPION, CHALLENGER}
    }
    reasons = verdict(found, by_itself, homes, lies, seed, against) if CHALLENGER in found else ()
    return {
        "passed": bool(reasons) and all(reason.ok for reason in reasons),
        "reasons": [reason.as_json() for reason in reasons],
        "alone_neur": _neur(by_itself.sum(axis=1)),
        "homes": {kind: homes.kinds.count(kind) for kind in KINDS},
        "digests": {name: who.digest for name, who in candidates.items() if isinstance(who, Weights)},
        "candidates": {
            name: figures(one, by_itself, homes) | {"exploitability": lies.get(name)}
            for name, one in found.items()
        },
    }


def figures(one: Replayed, alone_eur: Floats, homes: Homes) -> dict[str, Any]:
    """A candidate's figures: by week what it costs, gains, breaks; by home who is above alone; how even it is."""
    saved = (alone_eur - one.bill_eur).sum(axis=0)
    weeks = len(one.bill_eur)
    even = np.maximum(saved, 0.0).tolist()
    return {
        "cost_neur": _neur(one.cost_eur),
        "gain_neur": _neur(alone_eur.sum(axis=1) - one.cost_eur),
        "broken_slots": one.broken.sum(axis=1).tolist(),
        "missing_wh": np.rint(one.missing_kwh * 1e3).astype(int).tolist(),
        "above_alone": [homes.ids[i] for i in _above(one, alone_eur)],
        "jain": round(jain(even), 4),
        "gini": round(gini(even), 4),
        "saving_neur_week": {
            kind: _neur([saved[mine].mean() / weeks])[0]
            for kind in KINDS
            if (mine := [i for i, other in enumerate(homes.kinds) if other == kind])
        },
    }


def _cheaper(new: Replayed, old: Replayed, name: str, seed: int) -> Reason:
    saved = old.cost_eur - new.cost_eur
    chance = odds(saved, seed)
    facts = {"than": name, "odds": round(chance, 4), "needed": ENOUGH, "saves_neur_week": _neur([saved.mean()])[0]}
    return Reason("cheaper", bool(chance >= ENOUGH and saved.mean() > 0), facts)


def _limits(new: Replayed, others: Sequence[Replayed]) -> Reason:
    count = int(avoidable(new, others).sum())
    return Reason("limits", count == 0, {"avoidable": count, "broken": int(new.broken.sum())})


def _homes(new: Replayed, old: Replayed, alone_eur: Floats, homes: Homes) -> tuple[Reason, ...]:
    """Homes above their bill alone; those that are so under the champion too are named, but stop nobody."""
    before = set(_above(old, alone_eur))
    now = _above(new, alone_eur)
    over = (new.bill_eur - alone_eur).mean(axis=0)

    def named(who: Sequence[int]) -> list[dict[str, int]]:
        return [{"home": homes.ids[i], "over_neur_week": _neur([over[i]])[0]} for i in who]

    fresh, known = [i for i in now if i not in before], [i for i in now if i in before]
    reasons = [Reason("homes", not fresh, {"above": named(fresh)})]
    if known:
        reasons.append(Reason("homes_as_before", True, {"above": named(known)}))
    return tuple(reasons)


def _above(one: Replayed, alone_eur: Floats) -> list[int]:
    over = (one.bill_eur - alone_eur).mean(axis=0)
    return [int(i) for i in np.flatnonzero(over > TOLERATED_EUR)]


def _cars(new: Replayed, others: Sequence[Replayed]) -> Reason:
    usual = max((float(other.missing_kwh.mean()) for other in others), default=0.0)
    lacks = float(new.missing_kwh.mean())
    facts = {"missing_wh_week": round(lacks * 1e3), "others_wh_week": round(usual * 1e3)}
    return Reason("cars", lacks <= usual + MISSING_KWH, facts)


def _exploitability(new: float | None, old: float | None) -> Reason:
    if new is None or old is None:
        return Reason("exploitability_unknown", True, {})
    return Reason("exploitability", new <= old + EXPLOIT_NOISE, {"now": round(new, 4), "before": round(old, 4)})


def _neur(amounts_eur: Sequence[float] | Floats) -> list[int]:
    return [round(float(amount) * 1e9) for amount in amounts_eur]
