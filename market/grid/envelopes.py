"""Operating envelopes: what each connection may take and give at any time, whatever all others do inside theirs.

Every limit of the street is a row over withdrawals. At worst, all that push a row one way do so fully, so a row
holds for every use inside the envelopes if it holds for that. All envelopes grow together, each in proportion to
what its connection could use; those that fill a row stop, the others go on: the smallest share is as large as it
can be (max-min fairness, progressive filling; Bertsekas and Gallager, "Data Networks", 1992, section 6.5.2).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from market.grid.feeder import SHARES, Feeder, Floats
from market.grid.flow import by_place, linear_flow
from market.grid.limits import Limit, carried, usage, voltage
from market.grid.network import Network, network_of

# Kept free, because an envelope is a promise: the same power draws more current at a low voltage, at worst at
# the band's lower end, and the linear flow errs a little on long lines (docs/market.md).
CURRENT_MARGIN = 0.01
VOLTAGE_MARGIN_PU = 0.01


class Connection(NamedTuple):
    """Where a home is connected, and the most it could ever take and give (W)."""

    node: str
    phase: str
    import_w: float
    export_w: float


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a connection may take and give at any time, in W."""

    import_w: float
    export_w: float


def envelopes(
    feeder: Feeder,
    connections: Sequence[Connection],
    base_w: Floats | None = None,
    import_limit_w: float | None = None,
    export_limit_w: float | None = None,
) -> list[Envelope]:
    """One envelope a connection, in their order. `base_w` is load per node and phase that is nobody's.

    Where the base load alone breaks a limit, nothing more may push it.
    """
    if not connections:
        return []
    network = network_of(feeder, balanced=False)
    drawn = np.zeros((3, len(feeder.nodes))) if base_w is None else by_place(feeder, base_w)
    base = linear_flow(network, drawn)
    places = feeder.places[[feeder.index[one.node] for one in connections]]
    shares = np.array([SHARES[one.phase] for one in connections]).T
    limits = list(_limits(network, import_limit_w, export_limit_w))
    room = np.array([limit.most - limit.used(network, base) for limit in limits])
    pushes = np.array([usage(network, limit, places, shares, None) for limit in limits])
    pushes = pushes.reshape(len(limits), len(connections))
    most = np.array([[one.import_w for one in connections], [one.export_w for one in connections]])
    # Taking pushes a row up where its coefficient is positive, giving where it is negative.
    weights = np.concatenate((np.maximum(pushes, 0.0), np.maximum(-pushes, 0.0)), axis=1) * most.ravel()
    filled = _fill(weights, np.maximum(room, 0.0)).reshape(2, -1) * most
    return [Envelope(float(taken), float(given)) for taken, given in filled.T]


def _fill(weights: Floats, room: Floats) -> Floats:
    """Shares from 0 to 1 that grow together until a row is full or they are; `weights[row, k]` is what k fills."""
    shares = np.zeros(weights.shape[1])
    grows = np.ones(weights.shape[1], dtype=bool)
    left = room.copy()
    level = 0.0
    while grows.any():
        slope = weights[:, grows].sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.where(slope > 0, left / slope, np.inf)
        step = min(float(steps.min(initial=np.inf)), 1.0 - level)
        level += step
        shares[grows] = level
        left = np.maximum(left - step * slope, 0.0)
        if level >= 1.0:
            break
        full = (steps <= step) & (slope > 0)
        grows &= ~(weights[full] > 0).any(axis=0)
    return shares


def _limits(network: Network, import_limit_w: float | None, export_limit_w: float | None) -> Iterator[Limit]:
    """Every limit of the street on both of its sides, less the margins."""
    feeder = network.feeder
    for kind, most, side in (("import", import_limit_w, 1), ("export", export_limit_w, -1)):
        if most is not None:
            yield Limit("transformer", kind, "", side, 0, 0, (float(side), 0.0), most)
    for column in range(3):
        for place in np.flatnonzero(np.isfinite(network.most_w[column])).tolist():
            most_w = (feeder.v_min_pu - CURRENT_MARGIN) * float(network.most_w[column, place])
            for sign in (1.0, -1.0):
                yield carried(network, place, column, (sign, 0.0), most_w)
        for place in range(len(feeder.nodes)):
            for kind, bound in (
                ("voltage_high", feeder.v_max_pu - VOLTAGE_MARGIN_PU),
                ("voltage_low", feeder.v_min_pu + VOLTAGE_MARGIN_PU),
            ):
                limit = voltage(network, place, column, kind, bound**2)
                if limit is not None:
                    yield limit
