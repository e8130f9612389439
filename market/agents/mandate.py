"""The limits that a household gives its agent."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from market.agents.hours import DAY_MINUTES, PERIODS, HoursRule

OBJECTIVES = frozenset({"savings", "revenue", "resilience"})
RESILIENCE_RESERVE_PCT = 50


@dataclass(frozen=True, slots=True)
class Mandate:
    """What the owner allows. Prices in µ€/kWh, the reserve in percent of each battery's capacity.

    `sell_periods` and `buy_periods` name the tariff periods in which the agent may trade at all; `hours` tighten
    the limits further, and the strictest of all that hold in a slot counts. `grid_charge` allows a battery to be
    filled at the retailer's import price. `cycles_tenths` is how often a battery may be emptied in a local day,
    in tenths of its capacity. `ev_ready_minute` (of the local day) and `ev_target_wh` (AC, from plugging in) hold
    for a car that says neither itself. A car may charge from `ev_from_minute` to `ev_until_minute` of the local
    day, across midnight where that is not later; at any hour where both are None. From `valid_until` on, as while
    `paused`, nothing is traded.
    Raises ValueError for a value that no owner can mean.

    >>> Mandate(reserve_pct=3)
    Traceback (most recent call last):
    ...
    ValueError: The reserve must be 5 to 100 percent, not 3.
    """

    min_sell_ueur_kwh: int = 0
    max_buy_ueur_kwh: int = 1_000_000
    reserve_pct: int = 10
    sell_periods: frozenset[str] = PERIODS
    buy_periods: frozenset[str] = PERIODS
    grid_charge: bool = False
    objective: str = "savings"
    paused: bool = False
    hours: tuple[HoursRule, ...] = ()
    cycles_tenths: int | None = None
    ev_ready_minute: int | None = None
    ev_target_wh: int | None = None
    ev_from_minute: int | None = None
    ev_until_minute: int | None = None
    valid_until: datetime | None = None

    def __post_init__(self) -> None:
        if not 5 <= self.reserve_pct <= 100:
            raise ValueError(f"The reserve must be 5 to 100 percent, not {self.reserve_pct}.")
        if self.min_sell_ueur_kwh < 0 or self.max_buy_ueur_kwh < 0:
            raise ValueError("The prices of a mandate must not be negative.")
        if unknown := (self.sell_periods | self.buy_periods) - PERIODS:
            raise ValueError(f"Unknown tariff periods: {', '.join(sorted(unknown))}.")
        if self.objective not in OBJECTIVES:
            raise ValueError(f"Unknown objective: {self.objective}.")
        if self.cycles_tenths is not None and self.cycles_tenths <= 0:
            raise ValueError(
                "A battery's cycles a day must be above zero; a reserve of 100 percent keeps it full."
            )
        if self.ev_ready_minute is not None and not 0 <= self.ev_ready_minute < DAY_MINUTES:
            raise ValueError(f"The car must be ready at a minute of the day, 0 to {DAY_MINUTES - 1}.")
        if self.ev_target_wh is not None and self.ev_target_wh <= 0:
            raise ValueError("The energy for the car must be above zero.")
        self._check_window()
        if self.valid_until is not None and self.valid_until.tzinfo is None:
            raise ValueError("The end of a mandate must be an aware instant.")

    def _check_window(self) -> None:
        ends = (self.ev_from_minute, self.ev_until_minute)
        if ends == (None, None):
            return
        if any(minute is None or not 0 <= minute < DAY_MINUTES for minute in ends) or ends[0] == ends[1]:
            raise ValueError("The car's hours need a begin and another end, both minutes of the day.")

    @property
    def held_pct(self) -> int:
        """Percent of a battery that is never offered: the reserve, at least half under resilience."""
        if self.objective == "resilience":
            return max(self.reserve_pct, RESILIENCE_RESERVE_PCT)
        return self.reserve_pct

    @property
    def has_own_hours(self) -> bool:
        """Whether a rule goes by the local clock, not by tariff periods alone."""
        return any(not rule.period for rule in self.hours)

    def trades_in(self, start: datetime, slot_minutes: int) -> bool:
        """Whether the agent may order in a slot at all: neither paused, nor expired before the slot is over."""
        if self.paused:
            return False
        return self.valid_until is None or start + timedelta(minutes=slot_minutes) <= self.valid_until
