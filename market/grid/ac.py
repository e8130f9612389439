"""AC power flow of a radial feeder by backward/forward sweep: what the linear flow is checked against.

Backward, the current of every line is the sum of the currents drawn below it; forward, the voltage falls by
current times impedance along each path; repeated until nothing moves. Three phases, coupled by the lines.
Source: Cheng and Shirmohammadi, "A three-phase power flow method for real-time distribution system analysis",
IEEE Transactions on Power Systems 10(2), 1995.
"""

from dataclasses import dataclass

import numpy as np

from market.grid.feeder import Complexes, Feeder, Floats, Ints

MOST_SWEEPS = 60
CLOSE_PU = 1e-9
LEAST_PU = 0.3  # below this there is no operating point that a sweep could find
TURN = np.exp(-2j * np.pi / 3 * np.arange(3))


class VoltageCollapse(ArithmeticError):
    """No voltage carries this load: the sweep does not come to rest."""


@dataclass(frozen=True, eq=False, slots=True)
class AcFlow:
    """Per node and phase of the feeder: voltage to the neutral (per unit), current of the line into it (A).

    `transformer_va` is the apparent power of each phase at the transformer's low-voltage side, `loss_w` what
    lines and transformer turn into heat.
    """

    voltages_pu: Floats
    currents_a: Floats
    transformer_va: Floats
    loss_w: float


def ac_flow(feeder: Feeder, withdrawals_w: Floats, withdrawals_var: Floats | None = None) -> AcFlow:
    """The AC state of a feeder under withdrawals per node and phase (W and var, consumption positive).

    Raises `VoltageCollapse`.
    """
    tree = feeder.tree
    reactive = np.zeros_like(withdrawals_w) if withdrawals_var is None else withdrawals_var
    drawn = (withdrawals_w + 1j * reactive)[tree.order]
    slack_v = feeder.slack_pu * feeder.phase_v * TURN
    voltages = np.tile(slack_v, (len(tree.order), 1))
    for _ in range(MOST_SWEEPS):
        currents = _below(np.conj(drawn / voltages), tree.end)
        falls = (tree.z_self - tree.z_mutual)[:, None] * currents
        falls += tree.z_mutual[:, None] * currents.sum(axis=1, keepdims=True)
        moved = slack_v - _along_path(falls, tree.end)
        change = float(np.max(np.abs(moved - voltages))) / feeder.phase_v
        voltages = moved
        if not np.isfinite(change) or np.min(np.abs(voltages)) < LEAST_PU * feeder.phase_v:
            break
        if change < CLOSE_PU:
            return _state(feeder, voltages, currents, falls)
    raise VoltageCollapse("The feeder cannot carry this load.")


def _state(feeder: Feeder, voltages: Complexes, currents: Complexes, falls: Complexes) -> AcFlow:
    order = feeder.tree.order
    volts, amperes = np.empty(voltages.shape), np.empty(voltages.shape)
    volts[order] = np.abs(voltages) / feeder.phase_v
    amperes[order] = np.abs(currents)
    through = np.abs(voltages[0] * np.conj(currents[0]))
    return AcFlow(volts, amperes, through, float(np.sum(falls * np.conj(currents)).real))


def _below(values: Complexes, end: Ints) -> Complexes:
    """Sum of the values in each place's subtree."""
    sums = np.concatenate((np.zeros((1, 3)), np.cumsum(values, axis=0)))
    return np.asarray(sums[end] - sums[:-1])


def _along_path(values: Complexes, end: Ints) -> Complexes:
    """Sum of the values from the root to each place, both included."""
    changes = np.zeros((len(values) + 1, 3), dtype=np.complex128)
    changes[:-1] = values
    np.subtract.at(changes, end, values)
    return np.asarray(np.cumsum(changes, axis=0)[:-1])
