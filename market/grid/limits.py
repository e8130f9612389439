"""The limits of a street: which ones a flow breaks, and what an order adds to each.

A limit is one side of one element: a direction in the plane of active and reactive power of a line or
transformer (a tangent of the circle that its apparent power must stay in), the voltage of a place, or what the
community may take from or give to the grid. Limits are made where they are broken, so a programme holds only
those that matter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from market.grid.feeder import Feeder, Floats, Ints
from market.grid.flow import Flow, by_place, linear_flow
from market.grid.network import Network, network_of

# A limit counts as broken beyond this share of itself, so that rounding to whole Wh breaks none.
TOLERANCE = 1e-3
# Voltages nearer to each other than this are equal, so that which of two places is the worse is no chance.
DIGITS = 10
NEAR_W, NEAR_SHARE = 2e-3, 1e-8  # a limit with less room than this is full
ALIKE = 0.999  # the cosine between two tangents that say nearly the same


@dataclass(frozen=True, slots=True)
class Limit:
    """`direction`·(P, Q) at `place`, or a scaled squared voltage there, must not exceed `most` (W or
    W-equivalent).

    `kind` is import, export, transformer, line, voltage_high or voltage_low; `element` names it, `phase` the phase
    (empty: all three together). `side` is 1 where taking more breaks it, −1 where giving more does.
    """

    element: str
    kind: str
    phase: str
    side: int
    place: int
    column: int
    direction: tuple[float, float]
    most: float
    scale: float = 1.0

    @property
    def identity(self) -> tuple[str, int, int, tuple[float, float]]:
        """Which limit it is, whatever its figure."""
        return self.kind, self.place, self.column, self.direction

    @property
    def is_cut(self) -> bool:
        """Whether it bounds neither one voltage nor one active power."""
        return self.kind in {"import", "export"} or (
            not self.kind.startswith("voltage") and self.direction[1] != 0
        )

    def resembles(self, other: "Limit") -> bool:
        """Whether the other is the same element's limit in nearly the same direction."""
        if self.identity[:3] != other.identity[:3]:
            return False
        return sum(a * b for a, b in zip(self.direction, other.direction, strict=True)) > ALIKE

    def used(self, network: Network, flow: Flow) -> float:
        """What a flow takes of it."""
        if self.kind in {"import", "export"}:
            return self.side * float(flow.p_w[:, 0].sum())
        if self.kind.startswith("voltage"):
            fall = network.feeder.slack_pu**2 - float(flow.squared_pu[self.column, self.place])
            return self.side * fall / self.scale
        used = self.direction[0] * float(flow.p_w[self.column, self.place])
        if flow.q_var is not None:
            used += self.direction[1] * float(flow.q_var[self.column, self.place])
        return used


@dataclass(frozen=True, eq=False, slots=True)
class Bounds:
    """What the elements may carry, `[column, place]` VA, and the band of squared voltages; AC may move them."""

    most_w: Floats
    low_squared: Floats
    high_squared: Floats
    import_w: float | None = None
    export_w: float | None = None


def bounds_of(network: Network, import_w: float | None = None, export_w: float | None = None) -> Bounds:
    """The bounds as the feeder states them."""
    feeder, shape = network.feeder, network.most_w.shape
    low, high = np.full(shape, feeder.v_min_pu**2), np.full(shape, feeder.v_max_pu**2)
    return Bounds(network.most_w.copy(), low, high, import_w, export_w)


def broken(network: Network, bounds: Bounds, flow: Flow) -> list[Limit]:
    """Every limit that a flow breaks; of voltages the worst place of each stretch of the street that is out of
    band.
    """
    return [
        limit
        for limit in _suspects(network, bounds, flow)
        if limit.used(network, flow) > limit.most + TOLERANCE * abs(limit.most) + 1e-9
    ]


def full(network: Network, bounds: Bounds, flow: Flow, share: float) -> list[Limit]:
    """Every limit of which a flow uses `share` or more; of voltages the worst place of each such stretch."""
    slack = network.feeder.slack_pu**2
    nearer = Bounds(
        share * bounds.most_w,
        slack - share * (slack - bounds.low_squared),
        slack - share * (slack - bounds.high_squared),
        None if bounds.import_w is None else share * bounds.import_w,
        None if bounds.export_w is None else share * bounds.export_w,
    )
    return [restated(network, bounds, limit) for limit in _suspects(network, nearer, flow)]


def broken_limits(
    feeder: Feeder, withdrawals_w: Floats, import_limit_w: float | None = None, export_limit_w: float | None = None
) -> list[Limit]:
    """`broken` for withdrawals `[node, phase]`, W."""
    network = network_of(feeder, balanced=False)
    flow = linear_flow(network, by_place(feeder, withdrawals_w))
    return broken(network, bounds_of(network, import_limit_w, export_limit_w), flow)


def _suspects(network: Network, bounds: Bounds, flow: Flow) -> Iterator[Limit]:
    through = float(flow.p_w[:, 0].sum())
    for kind, most, side in (("import", bounds.import_w, 1), ("export", bounds.export_w, -1)):
        if most is not None and side * through > most:
            yield Limit("transformer", kind, "", side, 0, 0, (float(side), 0.0), most)
    for column, place in np.argwhere(flow.apparent_va > bounds.most_w):
        p = float(flow.p_w[column, place])
        q = 0.0 if flow.q_var is None else float(flow.q_var[column, place])
        yield carried(network, int(place), int(column), (p, q), float(bounds.most_w[column, place]))
    squared = flow.squared_pu
    for kind, beyond, bound in (
        ("voltage_high", squared - bounds.high_squared, bounds.high_squared),
        ("voltage_low", bounds.low_squared - squared, bounds.low_squared),
    ):
        for column, place in _worst(network, beyond):
            limit = voltage(network, place, column, kind, float(bound[column, place]))
            if limit is not None:
                yield limit


def carried(network: Network, place: int, column: int, power: tuple[float, float], most_w: float) -> Limit:
    """The tangent of what a line or the transformer may carry, in the direction in which it carries `power`."""
    size = float(np.hypot(*power)) or 1.0
    direction = (round(power[0] / size, DIGITS), round(power[1] / size, DIGITS))
    side = 1 if power[0] >= 0 else -1
    tree = network.feeder.tree
    kind = "line" if place else "transformer"
    element = network.feeder.lines[tree.line[place]].code if place else "transformer"
    return Limit(element, kind, network.labels[column], side, place, column, direction, most_w)


def voltage(network: Network, place: int, column: int, kind: str, squared_bound: float) -> Limit | None:
    """The bound of a squared voltage, scaled to one W at the most sensitive place; None where nothing moves it."""
    scale = float(network.sensitivity[column, place])
    if scale <= 0:
        return None
    side = 1 if kind == "voltage_low" else -1
    room = side * (network.feeder.slack_pu**2 - squared_bound)
    element = network.feeder.nodes[network.feeder.tree.order[place]]
    return Limit(
        element, kind, network.labels[column], side, place, column, (float(side), 0.0), room / scale, scale
    )


def restated(network: Network, bounds: Bounds, limit: Limit) -> Limit:
    """The same limit as the bounds have it now."""
    if limit.kind in {"import", "export"}:
        most = bounds.import_w if limit.kind == "import" else bounds.export_w
        return limit if most is None else replace(limit, most=most)
    at = limit.column, limit.place
    if not limit.kind.startswith("voltage"):
        return replace(limit, most=float(bounds.most_w[at]))
    squared = (bounds.low_squared if limit.kind == "voltage_low" else bounds.high_squared)[at]
    return replace(limit, most=limit.side * (network.feeder.slack_pu**2 - float(squared)) / limit.scale)


def _worst(network: Network, beyond: Floats) -> Iterator[tuple[int, int]]:
    """Of each connected stretch of places out of band the worst, by column; of equal ones the nearest the root."""
    for column in range(network.columns):
        stretch: dict[int, int] = {}
        worst: dict[int, tuple[float, int]] = {}
        for place in np.flatnonzero(beyond[column] > 0).tolist():
            above = int(network.parent[place])
            stretch[place] = stretch.get(above, place) if place else place
            by = round(float(beyond[column, place]), DIGITS)
            if by > worst.get(stretch[place], (0.0, 0))[0]:
                worst[stretch[place]] = (by, place)
        for _, place in worst.values():
            yield column, place


def usage(network: Network, limit: Limit, places: Ints, shares: Floats, tangents: Floats | None) -> Floats:
    """What each connection adds to a limit per W that it draws: `places` (N), `shares` (columns, N), tan φ (N)."""
    if limit.kind in {"import", "export"}:
        return np.full(len(places), float(limit.side))
    if limit.kind.startswith("voltage"):
        factor = limit.side / limit.scale
        drop_p, drop_q = network.drops(limit.place, limit.column, places)
        answer = factor * (drop_p * shares).sum(axis=0)
        if tangents is not None:
            answer += factor * tangents * (drop_q * shares).sum(axis=0)
        return np.asarray(answer)
    inside = (places >= limit.place) & (places < network.end[limit.place])
    drawn = np.where(inside, shares[limit.column], 0.0)
    if tangents is None:
        return np.asarray(limit.direction[0] * drawn)
    return np.asarray((limit.direction[0] + limit.direction[1] * tangents) * drawn)


def burden(network: Network, limits: Sequence[Limit], prices: Floats) -> tuple[Floats, Floats]:
    """What all limits together cost a W, and a var, withdrawn at each place: `[column, place]`, at these prices.

    The same as the sum of `usage` times price, in one pass: a voltage's price lies on every line of its path.
    """
    shape = network.most_w.shape
    volts, active, reactive = np.zeros((3, *shape))
    for limit, price in zip(limits, prices.tolist(), strict=True):
        if limit.kind.startswith("voltage"):
            volts[limit.column, limit.place] += limit.side * price / limit.scale
        elif limit.kind in {"import", "export"}:
            active[:, 0] += limit.side * price
        else:
            active[limit.column, limit.place] += limit.direction[0] * price
            reactive[limit.column, limit.place] += limit.direction[1] * price
    if volts.any():
        through = network.below(volts)
        active += (through[:, None] * network.drop_p).sum(axis=0)
        reactive += (through[:, None] * network.drop_q).sum(axis=0)
    return network.along(active), network.along(reactive)


def tight(network: Network, bounds: Bounds, flow: Flow, known: Sequence[Limit]) -> list[Limit]:
    """Every limit that a flow uses up or passes: bounds of power and voltage, and of the `known` those that are
    cuts.
    """
    found = [
        limit for limit in known if limit.is_cut and limit.used(network, flow) >= limit.most - _near(limit.most)
    ]
    power = flow.p_w
    for column, place in np.argwhere(np.abs(power) >= bounds.most_w - _near(bounds.most_w)):
        way = (float(np.sign(power[column, place])), 0.0)
        found.append(carried(network, int(place), int(column), way, float(bounds.most_w[column, place])))
    squared = flow.squared_pu
    for kind, room, bound in (
        ("voltage_high", bounds.high_squared - squared, bounds.high_squared),
        ("voltage_low", squared - bounds.low_squared, bounds.low_squared),
    ):
        # Voltages are full within what as many W as are nothing to a line would change of them.
        for column, place in np.argwhere(room <= NEAR_W * network.sensitivity):
            limit = voltage(network, int(place), int(column), kind, float(bound[column, place]))
            if limit is not None:
                found.append(limit)
    return sorted(found, key=lambda limit: (limit.kind, limit.place, limit.column, limit.direction))


def _near(most_w: Any) -> Any:
    return np.maximum(NEAR_W, np.where(np.isfinite(most_w), NEAR_SHARE * np.abs(most_w), 0.0))
