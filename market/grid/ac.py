"""AC power flow of a radial feeder by backward/forward sweep: what the linear flow is checked against.

Backward, the current of every line is the sum of the currents drawn below it; forward, the voltage falls by
current times impedance along each path; repeated until nothing moves. Three phases, coupled by the lines, or one
column where all three carry the same. Source: Cheng and Shirmohammadi, "A three-phase power flow method for
real-time distribution system analysis", IEEE Transactions on Power Systems 10(2), 1995.
"""

from dataclasses import dataclass

import numpy as np

from market.grid.feeder import Complexes, Feeder, Floats
from market.grid.flow import Flow, by_node, by_place
from market.grid.network import Network, network_of

MOST_SWEEPS = 60
CLOSE_PU = 1e-9
LEAST_PU = 0.3  # below this there is no operating point that a sweep could find
TURN = np.exp(-2j * np.pi / 3 * np.arange(3))


class VoltageCollapse(ArithmeticError):
    """No voltage carries this load: the sweep does not come to rest."""


@dataclass(frozen=True, eq=False, slots=True)
class AcFlow:
    """Per node and phase of the feeder: voltage to the neutral (per unit), current of the line into it (A).

    `phasors_v` are the complex voltages; `transformer_va` is the apparent power of each phase at the
    transformer's low-voltage side, `loss_w` what lines and transformer turn into heat.
    """

    voltages_pu: Floats
    currents_a: Floats
    transformer_va: Floats
    loss_w: float
    phasors_v: Complexes


def ac_flow(feeder: Feeder, withdrawals_w: Floats, withdrawals_var: Floats | None = None) -> AcFlow:
    """The AC state of a feeder under withdrawals per node and phase (W and var, consumption positive).

    Raises `VoltageCollapse`.
    """
    network = network_of(feeder, balanced=False)
    drawn_var = None if withdrawals_var is None else by_place(feeder, withdrawals_var)
    found = sweep(network, by_place(feeder, withdrawals_w), drawn_var, close_pu=CLOSE_PU)
    return AcFlow(
        by_node(feeder, found.voltages_pu),
        by_node(feeder, found.currents_a),
        found.transformer_va,
        found.loss_w,
        by_node(feeder, found.phasors_v),
    )


def sweep(
    network: Network,
    drawn_w: Floats,
    drawn_var: Floats | None = None,
    *,
    start: Flow | None = None,
    close_pu: float = 2e-6,
) -> AcFlow:
    """`ac_flow` by column and place; the voltages of a linear flow are a good `start`. Raises `VoltageCollapse`.

    A sweep leaves the same share of the error as the one before: at most `close_pu` of it may be left.
    """
    tree, phase_v = network.feeder.tree, network.feeder.phase_v
    drawn = network.per_phase * (drawn_w if drawn_var is None else drawn_w + 1j * drawn_var)
    turn = TURN[: network.columns, None]
    slack_v = network.feeder.slack_pu * phase_v * turn
    sizes = phase_v * np.sqrt(np.maximum(start.squared_pu, LEAST_PU)) if start else abs(slack_v)
    voltages = np.broadcast_to(sizes * turn, drawn.shape)
    mutual = tree.z_mutual if network.columns == 3 else 0.0
    own = tree.z_self - tree.z_mutual
    left = 0.5  # of the error, by a sweep; the first ones tell how much it is here
    before = 0.0
    for _ in range(MOST_SWEEPS):
        currents = network.below(np.conj(drawn / voltages))
        falls = own * currents
        if network.columns == 3:
            falls += mutual * currents.sum(axis=0)
        moved = slack_v - network.along(falls)
        change = float(np.max(np.abs(moved - voltages))) / phase_v
        voltages = moved
        if not np.isfinite(change) or np.min(np.abs(voltages)) < LEAST_PU * phase_v:
            break
        left = min(change / before, 0.5) if before else left
        if change * left < close_pu:
            loss_w = float(np.vdot(currents, falls).real) * (3 / network.columns)
            through = np.abs(voltages[:, 0] * np.conj(currents[:, 0])) / network.per_phase
            return AcFlow(np.abs(voltages) / phase_v, np.abs(currents), through, loss_w, voltages)
        before = change
    raise VoltageCollapse("The feeder cannot carry this load.")
