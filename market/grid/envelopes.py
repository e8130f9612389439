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
from market.grid.flow import Limit, line_limit, transformer_limit, voltage_limit

# What the linear flow errs at most against AC on streets of usual length (docs/market.md): kept free, because an
# envelope is a promise.
CURRENT_MARGIN = 0.06
VOLTAGE_MARGIN_PU = 0.005


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
    drawn = np.zeros((len(feeder.nodes), 3)) if base_w is None else base_w
    limits = list(_limits(feeder, import_limit_w, export_limit_w))
    room = np.array([limit.most - limit.used(drawn) for limit in limits])
    at = np.array([limit.coefficients for limit in limits]).reshape(len(limits), len(feeder.nodes), 3)
    shares = np.array([SHARES[one.phase] for one in connections])
    places = [feeder.index[one.node] for one in connections]
    pushes = np.einsum("rkp,kp->rk", at[:, places], shares)
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


def _limits(feeder: Feeder, import_limit_w: float | None, export_limit_w: float | None) -> Iterator[Limit]:
    """Every limit of the street on both of its sides, less the margins."""
    everything = np.ones((len(feeder.nodes), 3))
    for kind, most, sign in (("import", import_limit_w, 1.0), ("export", export_limit_w, -1.0)):
        if most is not None:
            yield Limit("transformer", kind, sign * everything, most)
    keep = 1 - CURRENT_MARGIN
    for sign in (1.0, -1.0):
        for phase in range(3):
            if feeder.transformer.s_va is not None:
                yield transformer_limit(feeder, phase, sign, keep * feeder.transformer.s_va / 3)
            for bounded in np.flatnonzero(np.isfinite(feeder.line_limits_w)):
                yield line_limit(feeder, int(bounded), phase, sign, keep * float(feeder.line_limits_w[bounded]))
    for node in range(len(feeder.nodes)):
        for phase in range(3):
            for kind, bound in (
                ("voltage_high", feeder.v_max_pu - VOLTAGE_MARGIN_PU),
                ("voltage_low", feeder.v_min_pu + VOLTAGE_MARGIN_PU),
            ):
                limit = voltage_limit(feeder, node, phase, kind, bound**2)
                if limit is not None:
                    yield limit
