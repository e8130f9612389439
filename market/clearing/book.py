"""The order book of one slot, as the clearing takes it: one array a property, one entry an order, by order id."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.grid.feeder import Floats, Ints

Bools = NDArray[np.bool_]
PHASE_CODES = ("abc", "a", "b", "c")


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
    limit is what the seller nets, a purchase's what the buyer pays with the grid fee. `tan_phi` is its reactive
    per active power, `priority` counts under the rule need_first, and `protected` energy has given way to the
    cables often enough (rule capped).
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
    tan_phi: float = 0.0
    priority: int = 0
    protected: bool = False

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
class Fees:
    """Grid fee of a kWh that stays on its feeder, leaves it, and leaves its substation (µ€/kWh, rising)."""

    feeder: int = 0
    substation: int | None = None
    beyond: int | None = None

    @property
    def steps(self) -> tuple[int, int]:
        """What leaving the feeder, and then the substation, adds."""
        substation = self.feeder if self.substation is None else self.substation
        beyond = substation if self.beyond is None else self.beyond
        return substation - self.feeder, beyond - substation


@dataclass(frozen=True, eq=False)
class Book:
    """Every order of a slot by id, the grid fees, and what the transformer may carry for the community (W).

    `node` counts in `nodes`, `phase` in `PHASE_CODES`. `base_w` and `base_var` are load at nodes that is not the
    community's (consumption positive, from all three phases).
    """

    id: Ints
    household: Ints
    node: Ints
    phase: Ints
    buys: Bools
    firm: Bools
    energy_wh: Ints
    limit_ueur_kwh: Ints
    retailer_ueur_kwh: Ints
    tan_phi: Floats
    priority: Ints
    protected: Bools
    nodes: tuple[str, ...] = ()
    fees: Fees = Fees()
    slot_minutes: int = 15
    import_limit_w: float | None = None
    export_limit_w: float | None = None
    base_w: Mapping[str, float] = field(default_factory=dict)
    base_var: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, orders: Iterable[Order], *, grid_fee_ueur_kwh: int = 0, nodes: tuple[str, ...] = (), **fields: Any
    ) -> "Book":
        """A book of these orders; in which order they come changes nothing. `nodes` may be those of a feeder."""
        rows = sorted(orders, key=lambda order: order.id)
        nodes = nodes or tuple(dict.fromkeys(row.node for row in rows))
        place = {node: i for i, node in enumerate(nodes)}
        whole = np.array(
            [
                (
                    row.id, row.household_id, place[row.node], PHASE_CODES.index(row.phase),
                    row.energy_wh, row.limit_ueur_kwh, row.retailer_ueur_kwh, row.priority,
                )
                for row in rows
            ],
            dtype=np.int64,
        ).reshape(-1, 8)  # fmt: skip
        flags = np.array([(r.side == Side.BUY, r.kind == Kind.FIRM, r.protected) for r in rows], dtype=bool)
        flags = flags.reshape(-1, 3)
        return cls(
            id=whole[:, 0],
            household=whole[:, 1],
            node=whole[:, 2],
            phase=whole[:, 3],
            buys=flags[:, 0],
            firm=flags[:, 1],
            energy_wh=whole[:, 4],
            limit_ueur_kwh=whole[:, 5],
            retailer_ueur_kwh=whole[:, 6],
            tan_phi=np.array([row.tan_phi for row in rows], dtype=float),
            priority=whole[:, 7],
            protected=flags[:, 2],
            nodes=nodes,
            fees=fields.pop("fees", Fees(grid_fee_ueur_kwh)),
            **fields,
        )

    @cached_property
    def orders(self) -> tuple[Order, ...]:
        """The orders one by one."""
        return tuple(self._order(i) for i in range(len(self)))

    def _order(self, i: int) -> Order:
        return Order(
            int(self.id[i]),
            int(self.household[i]),
            self.nodes[self.node[i]],
            PHASE_CODES[self.phase[i]],
            Side.BUY if self.buys[i] else Side.SELL,
            Kind.FIRM if self.firm[i] else Kind.FLEXIBLE,
            int(self.energy_wh[i]),
            int(self.limit_ueur_kwh[i]),
            int(self.retailer_ueur_kwh[i]),
            float(self.tan_phi[i]),
            int(self.priority[i]),
            bool(self.protected[i]),
        )

    def __len__(self) -> int:
        return len(self.id)

    @property
    def grid_fee_ueur_kwh(self) -> int:
        """The fee that every locally traded kWh bears."""
        return self.fees.feeder

    @cached_property
    def sign(self) -> Ints:
        """1 for purchases, −1 for sales."""
        return np.where(self.buys, 1, -1)

    @cached_property
    def bound_ueur_kwh(self) -> Ints:
        """The limit that counts: nobody pays neighbours more than the retailer, or sells to them for less."""
        low = np.minimum(self.limit_ueur_kwh, self.retailer_ueur_kwh)
        return np.where(self.buys, low, np.maximum(self.limit_ueur_kwh, self.retailer_ueur_kwh))

    @cached_property
    def asked_ueur_kwh(self) -> Ints:
        """The price that decides: what a buyer pays at most, what a seller needs with the grid fee on top."""
        return np.where(self.buys, self.bound_ueur_kwh, self.bound_ueur_kwh + self.fees.feeder)

    @cached_property
    def meets_retailer(self) -> Bools:
        """Whether energy without a neighbour goes to the household's retailer instead of not flowing."""
        return np.asarray(self.firm | (self.bound_ueur_kwh == self.retailer_ueur_kwh))


@dataclass(frozen=True, slots=True)
class Rules:
    """The community's named rules.

    `price` is equilibrium_midpoint, mid_market, supply_demand_ratio, pay_as_bid or locational; `fairness` is
    pro_rata, equal_share, need_first or capped (as pro_rata, once protected energy has been spared).
    """

    price: str = "equilibrium_midpoint"
    fairness: str = "pro_rata"
