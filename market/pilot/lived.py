"""What a month of a pilot came to, as it is kept."""

from dataclasses import asdict, dataclass, field
from typing import Any

from market.pilot.shared import RuleMonth


@dataclass(slots=True)
class HomeMonth:
    """A home's month. Energies in Wh, money in n€; what it pays its retailer is stated apart, for the cap's sake.

    `today` is the load alone, `alone` the home with its devices and without neighbours.
    """

    load_wh: int = 0
    car_wh: int = 0
    sun_wh: int = 0
    import_wh: int = 0
    export_wh: int = 0
    bought_wh: int = 0
    sold_wh: int = 0
    paid_neur: int = 0
    earned_neur: int = 0
    pool_neur: int = 0
    rest_import_neur: int = 0
    rest_export_neur: int = 0
    today_neur: int = 0
    alone_import_wh: int = 0
    alone_export_wh: int = 0
    alone_import_neur: int = 0
    alone_export_neur: int = 0


@dataclass(frozen=True, slots=True)
class MonthLived:
    """A month of all homes, and what the street was like: hours at its limit, Wh held back, the mean price.

    `price_wh_ueur_kwh` is the sum of prices times Wh traded; `rules` the month under each rule of sharing.
    """

    month: int
    homes: list[HomeMonth]
    hours: int
    congested_hours: int
    held_back_wh: int
    traded_wh: int
    price_wh_ueur_kwh: int
    alone_congested_hours: int
    rules: dict[str, RuleMonth] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def of(cls, said: dict[str, Any]) -> "MonthLived":
        """A month from its plain values."""
        rules = {name: RuleMonth(**month) for name, month in said.get("rules", {}).items()}
        return cls(**{**said, "homes": [HomeMonth(**home) for home in said["homes"]], "rules": rules})
