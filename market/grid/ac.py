"""AC power flow of a radial feeder by backward/forward sweep: what the linear flow is checked against.

Backward, the current of every line is the sum of the currents drawn below it; forward, the voltage falls by
current times impedance along each path; repeated until nothing moves. Balanced: one phase stands for three.
Source: Shirmohammadi et al., "A compensation-based power flow method for weakly meshed distribution and
transmission networks", IEEE Transactions on Power Systems 3(2), 1988.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from market.grid.feeder import Feeder, Floats

Complexes = NDArray[np.complex128]
MOST_SWEEPS = 60
CLOSE_PU = 1e-9


class VoltageCollapse(ArithmeticError):
    """No voltage carries this load: the sweep does not come to rest."""


@dataclass(frozen=True, eq=False, slots=True)
class AcFlow:
    """Per node of the feeder: voltage (per unit), current of the line into it (A; at the root the transformer's).

    `transformer_va` is the apparent power through the transformer at its low-voltage side, `loss_w` what lines
    and transformer turn into heat.
    """

    voltages_pu: Floats
    currents_a: Floats
    transformer_va: float
    loss_w: float


def ac_flow(feeder: Feeder, withdrawals_w: Floats, withdrawals_var: Floats | None = None) -> AcFlow:
    """The AC state of a feeder under withdrawals per node (W and var, consumption positive).

    Raises `VoltageCollapse`.
    """
    tree = feeder.tree
    reactive = np.zeros(len(tree.order)) if withdrawals_var is None else withdrawals_var
    drawn = (withdrawals_w + 1j * reactive)[tree.order] / 3  # VA of one phase, in preorder
    impedance = tree.r_ohm + 1j * tree.x_ohm
    nominal_v = feeder.nominal_v / sqrt(3)
    slack_v = feeder.slack_pu * nominal_v
    voltages = np.full(len(tree.order), slack_v, dtype=np.complex128)
    for _ in range(MOST_SWEEPS):
        currents = _below(np.conj(drawn / voltages), tree.end)
        moved = slack_v - _along_path(impedance * currents, tree.end)
        change = float(np.max(np.abs(moved - voltages))) / nominal_v
        voltages = moved
        if not np.isfinite(change) or np.min(np.abs(voltages)) < 0.3 * nominal_v:
            break
        if change < CLOSE_PU:
            return _state(feeder, voltages, currents, impedance)
    raise VoltageCollapse("The feeder cannot carry this load.")


def _state(feeder: Feeder, voltages: Complexes, currents: Complexes, impedance: Complexes) -> AcFlow:
    order = feeder.tree.order
    volts, amperes = np.empty(len(order)), np.empty(len(order))
    volts[order] = np.abs(voltages) * sqrt(3) / feeder.nominal_v
    amperes[order] = np.abs(currents)
    through = 3 * float(np.abs(voltages[0] * np.conj(currents[0])))
    return AcFlow(volts, amperes, through, 3 * float(np.sum(impedance.real * np.abs(currents) ** 2)))


def _below(values: Complexes, end: NDArray[np.int64]) -> Complexes:
    """Sum of the values in each place's subtree."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray(sums[end] - sums[:-1])


def _along_path(values: Complexes, end: NDArray[np.int64]) -> Complexes:
    """Sum of the values from the root to each place, both included."""
    changes = np.zeros(len(values) + 1, dtype=np.complex128)
    changes[:-1] = values
    np.subtract.at(changes, end, values)
    return np.asarray(np.cumsum(changes)[:-1])
