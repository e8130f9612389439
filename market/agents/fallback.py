"""The ladder that an agent climbs down when it may no longer trust what it works with.

    policy            learned orders                       needs all that the planner needs, and known tariffs
    planner           value curves over a forecast         needs a forecast, meters that report, sane prices
    rule              stores cheap energy for dear hours   needs the own tariff, and what the battery holds
    self_consumption  the inverter on its own              needs nothing and nobody

Stale facts are worse than none: with a forecast six hours old the planner lost more than the rule. So a home
acts on the highest level whose needs are met, and its owner is told the first reason why it is not higher.
"""

from dataclasses import dataclass, field
from typing import Literal

Level = Literal["self_consumption", "rule", "planner", "policy"]
LEVELS: tuple[Level, ...] = ("self_consumption", "rule", "planner", "policy")

SLOTS_OVERDUE = 2  # a forecast may be so many slots beyond its renewal
SILENT_SHARE_PCT = 20
SILENT_AFTER_MINUTES = 180  # beyond the meter's usual time between two deliveries
ERROR_RATIO_PCT = 200  # of the median of 30 days

Facts = dict[str, int | str]


@dataclass(frozen=True, slots=True)
class Health:
    """What a home's agent works with, when orders are due; what could not be judged is None, and is no reason.

    `top` is the highest level that the community has set up. `overdue_slots` is how many slots ago the
    forecast should have been renewed (0: it is fresh; None: there is none). `silent` of `homes` homes have
    sent no readings for too long. `error_pct` is the latest day's forecast error in percent of its 30-day
    median. `price_ueur_kwh` is a local price outside of what any retailer here charges or pays, if there was
    one. `battery_minutes` is the age of the battery's last report if that is too old to go by.
    """

    top: Level = "planner"
    tariffs_known: bool = True
    overdue_slots: int | None = 0
    homes: int = 0
    silent: int = 0
    error_pct: int | None = None
    price_ueur_kwh: int | None = None
    battery_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The level that decides, the reason why none above does (empty: nothing is wrong), and its figures."""

    level: Level
    reason: str = ""
    facts: Facts = field(default_factory=dict)


def standing(health: Health) -> Standing:
    """The highest level whose needs are met, and the reason that took the agent there.

    >>> standing(Health())
    Standing(level='planner', reason='', facts={})
    >>> standing(Health(top="policy", tariffs_known=False))
    Standing(level='planner', reason='tariffs_unknown', facts={})
    >>> standing(Health(homes=10, silent=3))
    Standing(level='rule', reason='meters_silent', facts={'homes': 10, 'silent': 3})
    """
    answer = Standing(health.top)
    for level, reason, facts in _reasons(health):
        if LEVELS.index(level) < LEVELS.index(answer.level):
            answer = Standing(level, reason, facts)
    return answer


def _reasons(health: Health) -> list[tuple[Level, str, Facts]]:
    """Every reason to be no higher than a level, the plainest first."""
    found: list[tuple[Level, str, Facts]] = []
    if health.battery_minutes is not None:
        found.append(("self_consumption", "battery_silent", {"minutes": health.battery_minutes}))
    if health.overdue_slots is None:
        found.append(("rule", "forecast_missing", {}))
    elif health.overdue_slots > SLOTS_OVERDUE:
        found.append(("rule", "forecast_stale", {"slots": health.overdue_slots}))
    if health.silent * 100 > health.homes * SILENT_SHARE_PCT:
        found.append(("rule", "meters_silent", {"homes": health.homes, "silent": health.silent}))
    if health.error_pct is not None and health.error_pct > ERROR_RATIO_PCT:
        found.append(("rule", "forecast_wrong", {"pct": health.error_pct}))
    if health.price_ueur_kwh is not None:
        found.append(("rule", "price_out_of_band", {"price_ueur_kwh": health.price_ueur_kwh}))
    if not health.tariffs_known:
        found.append(("planner", "tariffs_unknown", {}))
    return found
