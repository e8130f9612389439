"""What the street's limits leave for more load: rows over the takers, and the W still free in each slot.

Takers only take, so only limits that taking more can break make a row. What one taker's load relieves (a voltage
of another phase) is not given to the others: it may leave. So every coefficient is zero or above.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from market.grid.feeder import SHARES, Feeder, Floats, Ints
from market.grid.limits import Limit, carried, usage, voltage
from market.grid.network import Network, network_of


class Taker(NamedTuple):
    """A connection that may take up to `most_w` (W) more than the load that is given."""

    node: str
    phase: str
    most_w: float


@dataclass(frozen=True, eq=False, slots=True)
class Room:
    """`left_w[row, slot]` is free (W, never negative) under limit `limits[row]`, of which a W of taker k uses
    `pushes[row, k]`. Limits that all takers together could not fill are left out.
    """

    limits: tuple[Limit, ...]
    pushes: Floats
    left_w: Floats


@dataclass(frozen=True, eq=False, slots=True)
class _State:
    """The load of every slot: power into each place and its squared voltage, `[slot, column, place]`."""

    power_w: Floats
    squared_pu: Floats


def room_left(
    feeder: Feeder, loads_w: Floats, takers: Sequence[Taker], import_limit_w: float | None = None
) -> Room:
    """The room beside `loads_w` (W, `[slot, node, phase]`) for the takers; a limit that is broken has none."""
    network = network_of(feeder, balanced=False)
    state = _state(network, loads_w)
    places = feeder.places[[feeder.index[taker.node] for taker in takers]]
    shares = np.array([SHARES[taker.phase] for taker in takers]).reshape(-1, 3).T
    most_w = np.array([taker.most_w for taker in takers])
    rows = []
    for limit, left_w in _limits(network, state, places, shares * most_w, import_limit_w):
        pushes = np.maximum(usage(network, limit, places, shares, None), 0.0)
        if pushes @ most_w > left_w.min():
            rows.append((limit, pushes, np.maximum(left_w, 0.0)))
    return Room(
        limits=tuple(limit for limit, _, _ in rows),
        pushes=np.array([pushes for _, pushes, _ in rows]).reshape(-1, len(takers)),
        left_w=np.array([left_w for _, _, left_w in rows]).reshape(-1, len(loads_w)),
    )


def _state(network: Network, loads_w: Floats) -> _State:
    slots = len(loads_w)
    drawn = loads_w[:, network.feeder.tree.order].transpose(0, 2, 1)
    power = network.below(drawn.reshape(slots * 3, -1)).reshape(drawn.shape)
    falls = np.einsum("ijp,tjp->tip", network.drop_p, power)
    along = network.along(falls.reshape(slots * 3, -1)).reshape(drawn.shape)
    return _State(power, network.feeder.slack_pu**2 - along)


def _limits(
    network: Network, state: _State, places: Ints, taken_w: Floats, import_limit_w: float | None
) -> Iterator[tuple[Limit, Floats]]:
    """Limits that the takers may fill, with what the load leaves of each in every slot (W)."""
    if import_limit_w is not None:
        through = state.power_w[:, :, 0].sum(axis=1)
        yield Limit("transformer", "import", "", 1, 0, 0, (1.0, 0.0), import_limit_w), import_limit_w - through
    drawn = np.zeros(network.most_w.shape)
    for column in range(3):
        np.add.at(drawn[column], places, taken_w[column])
    more = network.below(drawn)
    for column, place in np.argwhere(state.power_w.max(axis=0) + more > network.most_w).tolist():
        if more[column, place] > 0:
            most_w = float(network.most_w[column, place])
            limit = carried(network, place, column, (1.0, 0.0), most_w)
            yield limit, most_w - state.power_w[:, column, place]
    feeder = network.feeder
    for sign, kind, bound in ((1, "voltage_low", feeder.v_min_pu**2), (-1, "voltage_high", feeder.v_max_pu**2)):
        # The positive part of a sum is at most the sum of the positive parts: no limit is passed over.
        steps = np.einsum("ijp,jp->ip", np.maximum(sign * network.drop_p, 0.0), more)
        beyond = (sign * (bound - state.squared_pu)).max(axis=0) + network.along(steps)
        for column, place in np.argwhere(beyond > 0).tolist():
            found = voltage(network, place, column, kind, bound)
            if found is not None:
                yield found, sign * (state.squared_pu[:, column, place] - bound) / found.scale
