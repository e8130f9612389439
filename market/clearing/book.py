"""The order book of one slot, as the clearing takes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Side(StrEnum):
    """Which way an order wants energy to go."""

    BUY = "buy"
    SELL = "sell"


class Kind(StrEnum):
    """Firm energy flows anyway; flexible energy flows only if it is cleared."""

    FIRM = "firm"
    FLEXIBLE = "flexible"


@dataclass(frozen=True, slots=True)
class Order:
    """A wish to buy or sell `energy_wh` at `node`, at `limit_ueur_kwh` or better.

    `retailer_ueur_kwh` is what the household's own retailer charges (buy) or pays (sell) in this slot. A sale's
    limit is what the seller nets, a purchase's what the buyer pays with the grid fee.
    """

    id: int
    household_id: int
    node: str
    phase: str
    side: Side
    kind: Kind
    energy_wh: int
    limit_ueur_kwh: int
    retailer_ueur_kwh: int

    @property
    def bound_ueur_kwh(self) -> int:
        """The limit that counts: nobody pays neighbours more than the retailer, or sells to them for less."""
        if self.side is Side.BUY:
            return min(self.limit_ueur_kwh, self.retailer_ueur_kwh)
        return max(self.limit_ueur_kwh, self.retailer_ueur_kwh)

    @property
    def meets_retailer(self) -> bool:
        """Whether energy without a neighbour goes to the household's retailer instead of not flowing."""
        return self.kind is Kind.FIRM or self.bound_ueur_kwh == self.retailer_ueur_kwh


@dataclass(frozen=True, slots=True)
class Book:
    """Every order of a slot, the grid fee, and what the transformer may carry for the community (W).

    `base_w` is load at nodes that is not the community's (W, consumption positive).
    """

    orders: tuple[Order, ...]
    grid_fee_ueur_kwh: int = 0
    slot_minutes: int = 15
    import_limit_w: int | None = None
    export_limit_w: int | None = None
    base_w: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, orders: Iterable[Order], **fields: Any) -> "Book":
        """A book of these orders."""
        return cls(tuple(orders), **fields)


@dataclass(frozen=True, slots=True)
class Rules:
    """The community's named rules: `price` is equilibrium_midpoint or mid_market, `fairness` is pro_rata."""

    price: str = "equilibrium_midpoint"
    fairness: str = "pro_rata"
