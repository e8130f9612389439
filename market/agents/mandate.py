"""The limits that a household gives its agent."""

from dataclasses import dataclass

PERIODS = frozenset({"P1", "P2", "P3"})
OBJECTIVES = frozenset({"savings", "revenue", "resilience"})
RESILIENCE_RESERVE_PCT = 50


@dataclass(frozen=True, slots=True)
class Mandate:
    """What the owner allows. Prices in µ€/kWh, the reserve in percent of each battery's capacity.

    `sell_periods` and `buy_periods` name the tariff periods in which the agent may trade at all;
    `grid_charge` allows a battery to be filled at the retailer's import price.
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

    def __post_init__(self) -> None:
        if not 5 <= self.reserve_pct <= 100:
            raise ValueError(f"The reserve must be 5 to 100 percent, not {self.reserve_pct}.")
        if self.min_sell_ueur_kwh < 0 or self.max_buy_ueur_kwh < 0:
            raise ValueError("The prices of a mandate must not be negative.")
        if unknown := (self.sell_periods | self.buy_periods) - PERIODS:
            raise ValueError(f"Unknown tariff periods: {', '.join(sorted(unknown))}.")
        if self.objective not in OBJECTIVES:
            raise ValueError(f"Unknown objective: {self.objective}.")

    @property
    def held_pct(self) -> int:
        """Percent of a battery that is never offered: the reserve, at least half under resilience."""
        if self.objective == "resilience":
            return max(self.reserve_pct, RESILIENCE_RESERVE_PCT)
        return self.reserve_pct
