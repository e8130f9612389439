"""What AC power flow finds broken where the linear flow saw no harm, as limits moved by the measured error.

The linear flow neglects losses and the voltage at which power flows, so it is a little too kind to long lines
and low voltages. Asked again with these limits, the market keeps the real ones; one round is nearly always enough.
"""

from collections.abc import Iterator

import numpy as np

from market.grid.ac import AcFlow, ac_flow
from market.grid.feeder import Feeder, Floats
from market.grid.flow import Limit, below, line_flows_w, squared_voltages, voltage_limit

# Beyond this share of a current, or this much of the nominal voltage, AC counts a limit as broken.
CURRENT_TOLERANCE = 2e-3
VOLTAGE_TOLERANCE = 2e-4


def ac_broken_limits(feeder: Feeder, withdrawals_w: Floats) -> list[Limit]:
    """Limits that these withdrawals break under AC, each as tight as it must be for the linear flow to keep it.

    Raises `VoltageCollapse`.
    """
    exact = ac_flow(feeder, withdrawals_w)
    flows = line_flows_w(feeder, withdrawals_w)
    return [*_currents(feeder, flows, exact), *_voltages(feeder, withdrawals_w, exact)]


def _currents(feeder: Feeder, flows_w: Floats, exact: AcFlow) -> Iterator[Limit]:
    root = feeder.index[feeder.root]
    rated_va = feeder.transformer.s_va
    if rated_va is not None and exact.transformer_va > rated_va * (1 + CURRENT_TOLERANCE) and flows_w[root]:
        share = exact.transformer_va / rated_va
        sign = np.sign(flows_w[root])
        yield Limit("transformer", "transformer", sign * np.ones(len(flows_w)), abs(flows_w[root]) / share)
    for node in np.flatnonzero(exact.currents_a > feeder.line_limits_a * (1 + CURRENT_TOLERANCE)):
        line = feeder.lines[feeder.tree.line[feeder.places[node]]]
        share = exact.currents_a[node] / feeder.line_limits_a[node]
        sign = np.sign(flows_w[node])
        yield Limit(line.code, "line", sign * below(feeder, int(node)), abs(flows_w[node]) / share)


def _voltages(feeder: Feeder, withdrawals_w: Floats, exact: AcFlow) -> Iterator[Limit]:
    """The worst node on either side of the band; what the linear flow errs there moves its bound."""
    linear = squared_voltages(feeder, withdrawals_w)
    high, low = int(np.argmax(exact.voltages_pu)), int(np.argmin(exact.voltages_pu))
    for node, kind, bound, beyond in (
        (high, "voltage_high", feeder.v_max_pu, exact.voltages_pu[high] - feeder.v_max_pu),
        (low, "voltage_low", feeder.v_min_pu, feeder.v_min_pu - exact.voltages_pu[low]),
    ):
        if beyond > VOLTAGE_TOLERANCE:
            error = float(linear[node] - exact.voltages_pu[node] ** 2)
            limit = voltage_limit(feeder, node, kind, bound**2 + error)
            if limit is not None:
                yield limit
