"""What a pilot is about: homes with their curves, what would stand in them, tariffs and the street's rules."""

from dataclasses import asdict, dataclass, field
from typing import Any

MOST_HOMES = 100
PPM = 1_000_000
EFFICIENCY_PPM = 960_000  # one way
C_RATE = 0.5  # battery power over its capacity, an hour
LEAST_PRICE_UEUR_KWH, MOST_PRICE_UEUR_KWH = 0, 2_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """A retailer's all-in prices, µ€/kWh: what P1, P2 and P3 cost, and what it pays for surplus."""

    name: str
    import_ueur_kwh: tuple[int, int, int]
    feed_in_ueur_kwh: int

    def __post_init__(self) -> None:
        for price in (*self.import_ueur_kwh, self.feed_in_ueur_kwh):
            if not LEAST_PRICE_UEUR_KWH <= price <= MOST_PRICE_UEUR_KWH:
                raise ValueError(f"A price of {price} µ€/kWh is beyond what any retailer asks.")
        if self.feed_in_ueur_kwh >= min(self.import_ueur_kwh):
            raise ValueError("The retailer must pay less for surplus than it charges in every period.")


@dataclass(frozen=True, slots=True)
class PilotHome:
    """One home: whose curve it has, and what would stand there.

    `curve` is the number of a typical home, `yearly_wh` what it is scaled to; with `load_wh` (the hours of a leap
    year by the local clock) the home's own readings take their place. `pv_yield_wh_w` is what a watt of panels
    yields in a year.
    """

    name: str
    tariff: str
    curve: int = 0
    yearly_wh: int = 3_500_000
    load_wh: tuple[int, ...] = ()
    pv_w: int = 0
    pv_yield_wh_w: int = 1_500
    battery_wh: int = 0
    ev_w: int = 0
    objective: str = "savings"
    reserve_pct: int = 10

    def __post_init__(self) -> None:
        if min(self.yearly_wh, self.pv_w, self.battery_wh, self.ev_w) < 0:
            raise ValueError(f"{self.name}: energies and powers must not be negative.")

    @property
    def battery_w(self) -> int:
        """Power of the battery, W."""
        return round(self.battery_wh * C_RATE)


@dataclass(frozen=True, slots=True)
class Costs:
    """What devices cost to buy and put up, € per kW of panels, kWh of battery and charger."""

    panels_eur_kw: int = 1_200
    battery_eur_kwh: int = 550
    charger_eur: int = 900

    def of(self, home: PilotHome) -> float:
        """What the home's devices cost, €."""
        charger = self.charger_eur if home.ev_w else 0
        return home.pv_w / 1e3 * self.panels_eur_kw + home.battery_wh / 1e3 * self.battery_eur_kwh + charger


@dataclass(frozen=True, slots=True)
class Scenario:
    """A street to try. Limits (W) hold at its transformer; None: it knows none."""

    year: int
    homes: tuple[PilotHome, ...]
    tariffs: tuple[Prices, ...]
    grid_fee_ueur_kwh: int = 0
    import_limit_w: int | None = None
    export_limit_w: int | None = None
    price_rule: str = "equilibrium_midpoint"
    fairness_rule: str = "pro_rata"
    pool_pct: int = 0
    costs: Costs = field(default_factory=Costs)
    timezone: str = "Europe/Madrid"
    seed: int = 1

    def __post_init__(self) -> None:
        if not 2 <= len(self.homes) <= MOST_HOMES:
            raise ValueError(f"A pilot has 2 to {MOST_HOMES} homes, not {len(self.homes)}.")
        known = {tariff.name for tariff in self.tariffs}
        for home in self.homes:
            if home.tariff not in known:
                raise ValueError(f"{home.name}: there is no tariff “{home.tariff}”.")

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Scenario":
        """The scenario that plain values describe. Raises ValueError for one that cannot be."""
        return cls(
            **{
                **said,
                "homes": tuple(PilotHome(**{**home, "load_wh": tuple(home["load_wh"])}) for home in said["homes"]),
                "tariffs": tuple(_prices(tariff) for tariff in said["tariffs"]),
                "costs": Costs(**said["costs"]),
            }
        )


def _prices(said: dict[str, Any]) -> Prices:
    first, second, third = said["import_ueur_kwh"]
    return Prices(said["name"], (first, second, third), said["feed_in_ueur_kwh"])
