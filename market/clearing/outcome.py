"""What a clearing answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from market.clearing.book import Book, Bools, Rules
from market.grid import Margins, Moved
from market.grid.feeder import Complexes, Floats, Ints


class Reason(StrEnum):
    """Why an order ended as it did; the codes are stored, so they never change their meaning."""

    FILLED = "filled"
    RATIONED = "rationed"
    LIMIT_NOT_MET = "limit_not_met"
    NO_COUNTERPARTY = "no_counterparty"
    NETWORK_LIMIT = "network_limit"
    CURTAILED = "curtailed"


REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True)
class Fill:
    """What became of one order, Wh: traded with neighbours, left to its retailer, held back by the grid.

    Firm energy is in one of the three. `price_ueur_kwh` is what its trade pays (a seller nets it less the grid
    fee), `distance_ueur_kwh` the part of that for distance, `lost_neur` the gain that was held back with the
    energy. `facts` are the figures behind `reason`.
    """

    order_id: int
    local_wh: int
    retailer_wh: int
    curtailed_wh: int
    reason: Reason
    facts: dict[str, int | str | None]
    price_ueur_kwh: int | None = None
    distance_ueur_kwh: int = 0
    lost_neur: int = 0

    @property
    def flow_wh(self) -> int:
        """Energy that physically flows."""
        return self.local_wh + self.retailer_wh


@dataclass(frozen=True, slots=True)
class Binding:
    """A limit of the street that held energy back: how full it is, and what one more kWh through it is worth.

    `side` is 1 where taking more would break it, −1 where giving more would; `rent_neur` is its price times
    what it carried. `most`, `direction`, `scale` and `exact_ueur_kwh` say it precisely enough to check the
    clearing (`Limit`).
    """

    element: str
    kind: str
    phase: str
    side: int
    loading_pct: float
    shadow_ueur_kwh: int
    rent_neur: int
    most: float
    direction: tuple[float, float]
    scale: float
    exact_ueur_kwh: float


@dataclass(frozen=True, slots=True)
class Parts:
    """Of what a price by place consists, µ€/kWh by order: energy at the transformer, congestion, voltage,
    distance.

    What is left to the order's own price is what its owner's limit or the others' compensation changed.
    """

    energy: int
    congestion: Ints
    voltage: Ints
    distance: Ints


@dataclass(frozen=True, eq=False)
class Clearing:
    """A cleared slot; arrays have one entry an order, by order id (`book.id`).

    `price_ueur_kwh` is what buyers pay, fee included; None if nothing was traded. With prices by place it is
    the energy part; `prices_ueur_kwh` are those of each order. `interval` holds the prices between the marginal
    orders, `acceptable` those at which no cleared order loses. `rent_neur` is what trades leave over after the
    grid fees. `emergency` says that firm energy alone breaks a limit, which the market cannot mend. `reclears`
    counts how often AC power flow found a limit broken and had the slot cleared again, `moved` what it moved.
    `energy_ueur_kwh` and `zone_ueur_kwh` are the exact prices behind the clearing of a congested slot,
    `voltages_v` the phasors of its AC state by node. `forced_ueur_kwh` is the one price for whose sake orders
    that it does not suit (`barred`) had to stay with their retailer; where the street needed them nevertheless,
    they are `compensated`.
    """

    book: Book
    rules: Rules
    local_wh: Ints
    flow_wh: Ints
    curtailed_wh: Ints
    lost_neur: Ints
    prices_ueur_kwh: Ints
    distance_ueur_kwh: Ints
    reasons: Ints
    price_ueur_kwh: int | None
    interval: tuple[int, int] | None
    acceptable: tuple[int, int] | None
    bindings: tuple[Binding, ...]
    welfare_neur: int
    rent_neur: int = 0
    emergency: bool = False
    reclears: int = 0
    moved: tuple[Moved, ...] = ()
    margins: Margins | None = None
    energy_ueur_kwh: float | None = None
    zone_ueur_kwh: Floats | None = None
    parts: Parts | None = None
    voltages_v: Complexes | None = None
    barred: Bools | None = None
    forced_ueur_kwh: int | None = None
    compensated: bool = False

    @property
    def energy_wh(self) -> int:
        """Energy traded among neighbours."""
        return int(self.local_wh[self.book.buys].sum())

    @property
    def import_wh(self) -> int:
        """What the community takes from its retailers on balance."""
        return max(int((self.book.sign * self.flow_wh).sum()), 0)

    @property
    def export_wh(self) -> int:
        """What the community gives to its retailers on balance."""
        return max(-int((self.book.sign * self.flow_wh).sum()), 0)

    @cached_property
    def fills(self) -> tuple[Fill, ...]:
        """What became of each order, one by one."""
        local, flow = self.local_wh.tolist(), self.flow_wh.tolist()
        rows = zip(
            self.book.id.tolist(), local, flow, self.curtailed_wh.tolist(), self.reasons.tolist(),
            self.prices_ueur_kwh.tolist(), self.distance_ueur_kwh.tolist(), self.lost_neur.tolist(),
            _facts(self), strict=True,
        )  # fmt: skip
        return tuple(
            Fill(pk, traded, flowing - traded, cut, REASONS[why], facts, price if traded else None, distance, lost)
            for pk, traded, flowing, cut, why, price, distance, lost, facts in rows
        )

    def __eq__(self, other: object) -> bool:
        """Clearings are equal if they publish the same."""
        if not isinstance(other, Clearing):
            return NotImplemented
        return self.published == other.published

    __hash__ = None  # type: ignore[assignment]

    @property
    def published(self) -> tuple[object, ...]:
        """Everything that is stored of a clearing, in plain values."""
        told = tuple(
            (b.element, b.kind, b.phase, b.side, b.loading_pct, b.shadow_ueur_kwh, b.rent_neur)
            for b in self.bindings
        )
        return (
            self.fills, self.price_ueur_kwh, self.interval, self.acceptable, told, self.welfare_neur,
            self.rent_neur, self.emergency, self.reclears,
        )  # fmt: skip


def _facts(clearing: Clearing) -> Iterator[dict[str, int | str | None]]:
    """The figures behind each order's reason, as they are stored."""
    book, parts = clearing.book, clearing.parts
    network = {REASONS.index(Reason.NETWORK_LIMIT), REASONS.index(Reason.CURTAILED)}
    rationed = REASONS.index(Reason.RATIONED)
    priced = clearing.price_ueur_kwh is not None
    columns = zip(
        clearing.prices_ueur_kwh.tolist(), book.bound_ueur_kwh.tolist(), clearing.reasons.tolist(), strict=True
    )
    # Of several full limits the dearest is the one to name; a last Wh lost to rounding has none to blame.
    dearest = max(clearing.bindings, key=lambda row: row.shadow_ueur_kwh, default=None)
    for i, (price, limit, reason) in enumerate(columns):
        facts: dict[str, int | str | None] = {"price_ueur_kwh": price if priced else None, "limit_ueur_kwh": limit}
        if reason in network and dearest is not None:
            facts |= {"element": dearest.element, "kind": dearest.kind}
        if reason == rationed:
            facts["rule"] = clearing.rules.fairness
        if parts is not None:
            facts |= {
                "energy_ueur_kwh": parts.energy,
                "congestion_ueur_kwh": int(parts.congestion[i]),
                "voltage_ueur_kwh": int(parts.voltage[i]),
                "fee_ueur_kwh": int(parts.distance[i]),
            }
        yield facts
