"""What an agent answers: orders, what its devices do if none clears, and a plan to read."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class OrderWish:
    """An order that the agent wants placed; `side` is buy or sell, `kind` is firm or flexible.

    Flexible orders name the device that answers for them. A sale's limit is what the seller nets.
    """

    device_id: int | None
    side: str
    kind: str
    energy_wh: int
    limit_ueur_kwh: int


@dataclass(frozen=True, slots=True)
class PlanStep:
    """What the agent means to do with a device (None: the home as a whole) in `[start, end)`, and why.

    `kind` is charge, discharge, hold, ev_charge, sell or buy. `reason` is a stable code and `facts` its
    figures: pages put them into words.
    """

    device_id: int | None
    kind: str
    start: datetime
    end: datetime
    energy_wh: int
    limit_ueur_kwh: int | None
    reason: str
    facts: dict[str, int | str]


@dataclass(frozen=True, slots=True)
class Decision:
    """Orders for one slot.

    `base_wh` is each device's AC energy if no flexible order clears (+ takes, − gives). After clearing a
    device's set-point is its base, plus what its flexible orders bought, less what they sold. `forecast_wh`
    is the net load behind it: the home's scheduled net energy is `forecast_wh` plus all set-points. `why` tells by
    device what its energy or charging was worth and what made it so.
    """

    orders: tuple[OrderWish, ...]
    base_wh: dict[int, int]
    plan: tuple[PlanStep, ...]
    forecast_wh: int
    why: dict[int, dict[str, Any]] = field(default_factory=dict)
