"""Linear power flow of a radial feeder, phase by phase (LinDist3Flow).

Everything is linear in the withdrawals (W and var, consumption positive): the flow of a line is the sum of what
is drawn below it, and the squared voltage (per unit) of each phase falls along a line as `Network.drop_p` and
`drop_q` say. Losses are neglected. Sources: Baran and Wu 1989; Gan and Low 2014.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.grid.feeder import Feeder, Floats
from market.grid.network import Network, network_of


@dataclass(frozen=True, eq=False, slots=True)
class Flow:
    """What flows into each place and its squared voltage, `[column, place]`: W, var (None: none anywhere), per
    unit.
    """

    p_w: Floats
    q_var: Floats | None
    squared_pu: Floats

    @property
    def apparent_va(self) -> Floats:
        """Apparent power into each place."""
        return np.abs(self.p_w) if self.q_var is None else np.hypot(self.p_w, self.q_var)


def linear_flow(network: Network, drawn_w: Floats, drawn_var: Floats | None = None) -> Flow:
    """The state under withdrawals `[column, place]`."""
    p_w = network.below(drawn_w)
    drops = _times(network.drop_p, p_w)
    q_var = None
    if drawn_var is not None:
        q_var = network.below(drawn_var)
        drops += _times(network.drop_q, q_var)
    return Flow(p_w, q_var, network.feeder.slack_pu**2 - network.along(drops))


def _times(coupling: Floats, flows: Floats) -> Floats:
    if len(flows) == 1:
        return np.asarray(coupling[0] * flows)
    return np.asarray((coupling * flows[None]).sum(axis=1))


def line_flows_w(feeder: Feeder, withdrawals_w: Floats) -> Floats:
    """Power into each node's subtree, W `[node, phase]` from withdrawals `[node, phase]` (at the root: the
    whole).
    """
    network = network_of(feeder, balanced=False)
    return by_node(feeder, network.below(by_place(feeder, withdrawals_w)))


def voltages_pu(feeder: Feeder, withdrawals_w: Floats) -> Floats:
    """Voltage of each node and phase to the neutral, per unit, from withdrawals `[node, phase]`."""
    network = network_of(feeder, balanced=False)
    squared = linear_flow(network, by_place(feeder, withdrawals_w)).squared_pu
    return np.asarray(np.sqrt(np.maximum(by_node(feeder, squared), 0.0)))


def by_place(feeder: Feeder, values: Floats) -> Floats:
    """`[node, phase]` as `[phase, place]`."""
    return np.ascontiguousarray(values[feeder.tree.order].T)


def by_node(feeder: Feeder, values: NDArray[Any]) -> NDArray[Any]:
    """`[phase, place]` as `[node, phase]`."""
    answer = np.empty(values.shape[::-1], dtype=values.dtype)
    answer[feeder.tree.order] = values.T
    return answer
