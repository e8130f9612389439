"""What a clearing answers."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why an order ended as it did; the codes are stored, so they never change their meaning."""

    FILLED = "filled"
    RATIONED = "rationed"
    LIMIT_NOT_MET = "limit_not_met"
    NO_COUNTERPARTY = "no_counterparty"
    NETWORK_LIMIT = "network_limit"
    CURTAILED = "curtailed"


@dataclass(frozen=True, slots=True)
class Fill:
    """What became of one order, Wh: traded with neighbours, left to its retailer, held back by the grid.

    Firm energy is in one of the three. `facts` are the figures behind `reason`.
    """

    order_id: int
    local_wh: int
    retailer_wh: int
    curtailed_wh: int
    reason: Reason
    facts: dict[str, int | str | None]

    @property
    def flow_wh(self) -> int:
        """Energy that physically flows."""
        return self.local_wh + self.retailer_wh


@dataclass(frozen=True, slots=True)
class Binding:
    """A limit of the street that held energy back: how full it is, and what one more kWh through it is worth."""

    element: str
    kind: str
    loading_pct: float
    shadow_ueur_kwh: int


@dataclass(frozen=True, slots=True)
class Clearing:
    """A cleared slot. `fills` has one entry per order, by order id.

    `price_ueur_kwh` is what buyers pay, fee included; None if nothing was traded. `interval` holds the prices
    between the marginal orders, `acceptable` those at which no cleared order loses. `emergency` says that firm
    energy alone breaks a limit, which the market cannot mend. `reclears` counts how often AC power flow found a
    limit broken and had the slot cleared again.
    """

    fills: tuple[Fill, ...]
    price_ueur_kwh: int | None
    interval: tuple[int, int] | None
    acceptable: tuple[int, int] | None
    bindings: tuple[Binding, ...]
    energy_wh: int
    import_wh: int
    export_wh: int
    welfare_neur: int
    emergency: bool
    reclears: int = 0
