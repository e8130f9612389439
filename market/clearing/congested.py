"""The clearing where limits of the street bind: a small linear programme, its rows made on demand.

Orders that are alike for the problem (same side, kind, price and place behind the limits seen so far) are one
column, so it stays small however many homes there are; inside a column energy is shared pro rata.
Importing cvxpy costs seconds, so only a congested slot does (`market/clearing/programme.py`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from market.clearing.apportion import apportion, apportion_within
from market.clearing.book import Book, Kind, Order, Side
from market.clearing.merit import asked_ueur_kwh
from market.grid import SHARES, Feeder, Limit, broken_limits
from market.grid.feeder import Floats

MOST_ROUNDS = 50
FULL = 0.995  # a limit used to this share counts as binding
PLACES = 9  # digits to which two coefficients count as equal


@dataclass(frozen=True, slots=True)
class Column:
    """Orders alike for the problem; `coefficients` is what a W of theirs adds to each row."""

    orders: tuple[Order, ...]
    side: Side
    kind: Kind
    meets_retailer: bool
    asked_ueur_kwh: int
    retailer_ueur_kwh: int
    coefficients: tuple[float, ...]

    @property
    def energy_wh(self) -> int:
        """What all its orders ask for."""
        return sum(order.energy_wh for order in self.orders)


@dataclass(frozen=True, slots=True)
class Answer:
    """Matched and flowing Wh by order id, the limits that bind with their shadow prices, and the emergency."""

    local_wh: dict[int, int]
    flow_wh: dict[int, int]
    limits: tuple[Limit, ...]
    shadows_ueur_kwh: tuple[int, ...]
    emergency: bool


def withdrawals_w(book: Book, feeder: Feeder, flow_wh: dict[int, int]) -> Floats:
    """Mean power that each node and phase draws in the slot, W, from flows by order id and the base load."""
    drawn = _base(book, feeder)
    per_hour = 60 / book.slot_minutes
    for order in book.orders:
        sign = 1 if order.side is Side.BUY else -1
        drawn[feeder.index[order.node]] += sign * flow_wh[order.id] * per_hour * SHARES[order.phase]
    return drawn


def broken(book: Book, feeder: Feeder, flow_wh: dict[int, int]) -> list[Limit]:
    """The limits that a clearing with these flows would break."""
    return broken_limits(feeder, withdrawals_w(book, feeder, flow_wh), book.import_limit_w, book.export_limit_w)


def solve(book: Book, feeder: Feeder, first: Sequence[Limit], barred: frozenset[int] = frozenset()) -> Answer:
    """The best clearing inside every limit, starting from the limits that are known to break.

    Orders in `barred` may not trade with neighbours (they keep their retailer). Rows are added until nothing
    new breaks. Limits that firm energy alone breaks are kept as well as can be and reported as an emergency.
    """
    from market.clearing.programme import optimise

    rows = list(first)
    for _ in range(MOST_ROUNDS):
        columns = _columns(book, feeder, rows, barred)
        room_w = np.array([row.most - row.used(_base(book, feeder)) for row in rows])
        solution = optimise(columns, room_w * book.slot_minutes / 60, barred)
        local, flow = _whole(columns, solution.local_wh, solution.flow_wh)
        known = {row.identity for row in rows}
        new = [limit for limit in broken(book, feeder, flow) if limit.identity not in known]
        if not new:
            break
        rows += new
    drawn = withdrawals_w(book, feeder, flow)
    full = [row.loading(drawn) >= FULL for row in rows]
    binding = [i for i in range(len(rows)) if full[i] or solution.shadows_ueur_kwh[i] or solution.excess_wh[i] > 1]
    return Answer(
        local,
        flow,
        tuple(rows[i] for i in binding),
        tuple(solution.shadows_ueur_kwh[i] for i in binding),
        emergency=any(excess > 1 for excess in solution.excess_wh),
    )


def _base(book: Book, feeder: Feeder) -> Floats:
    drawn = np.zeros((len(feeder.nodes), 3))
    for node, power_w in book.base_w.items():
        drawn[feeder.index[node]] += power_w / 3
    return drawn


def _columns(book: Book, feeder: Feeder, rows: Sequence[Limit], barred: frozenset[int]) -> list[Column]:
    alike: dict[tuple[object, ...], list[Order]] = defaultdict(list)
    places = np.array([row.coefficients for row in rows])
    for order in sorted(book.orders, key=lambda order: order.id):
        sign = 1 if order.side is Side.BUY else -1
        at = places[:, feeder.index[order.node]] @ SHARES[order.phase]
        behind = tuple((sign * at).round(PLACES).tolist())
        asked = asked_ueur_kwh(order, book.grid_fee_ueur_kwh)
        price = (asked, order.retailer_ueur_kwh, order.meets_retailer, order.id in barred)
        alike[order.side, order.kind, price, behind].append(order)
    return [
        Column(
            tuple(orders),
            orders[0].side,
            orders[0].kind,
            orders[0].meets_retailer,
            asked_ueur_kwh(orders[0], book.grid_fee_ueur_kwh),
            orders[0].retailer_ueur_kwh,
            behind,  # type: ignore[arg-type]
        )
        for (_, _, _, behind), orders in alike.items()
    ]


def _whole(
    columns: Sequence[Column], local_wh: Sequence[float], flow_wh: Sequence[float]
) -> tuple[dict[int, int], dict[int, int]]:
    """The solver's figures as whole Wh per order: both sides agree, and flows are rounded down."""
    flows = [_flow(column, flow) for column, flow in zip(columns, flow_wh, strict=True)]
    locals_ = [0] * len(columns)
    sides = [[i for i, c in enumerate(columns) if c.side is side] for side in Side]
    volume = min(sum(_near(local_wh[i]) for i in side) for side in sides)
    for side in sides:
        shares = [max(_near(local_wh[i]), 0) for i in side]
        if volume:
            for i, part in zip(side, apportion_within(volume, shares, [flows[i] for i in side]), strict=True):
                locals_[i] = part
    volume = min(sum(locals_[i] for i in side) for side in sides)
    for side in sides:
        _trim(locals_, side, volume)
    local: dict[int, int] = {}
    flow: dict[int, int] = {}
    for column, matched, flowing in zip(columns, locals_, flows, strict=True):
        asked = [order.energy_wh for order in column.orders]
        parts = apportion(flowing if column.meets_retailer else matched, asked)
        flow |= {order.id: part for order, part in zip(column.orders, parts, strict=True)}
        shares = apportion_within(matched, asked, parts)
        local |= {order.id: part for order, part in zip(column.orders, shares, strict=True)}
    return local, flow


def _near(energy_wh: float) -> int:
    """Whole Wh, down, forgiving the solver's last digits."""
    return int(energy_wh + 1e-3)


def _flow(column: Column, flow_wh: float) -> int:
    if column.kind is Kind.FIRM and column.side is Side.BUY:
        return column.energy_wh
    return min(_near(flow_wh), column.energy_wh)


def _trim(locals_wh: list[int], side: Sequence[int], volume_wh: int) -> None:
    """Take back the last Wh where rounding left one side larger."""
    too_much = sum(locals_wh[i] for i in side) - volume_wh
    for i in reversed(side):
        cut = min(too_much, locals_wh[i])
        locals_wh[i] -= cut
        too_much -= cut
