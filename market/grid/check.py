"""What AC power flow finds broken where the linear flow saw no harm, as limits moved by the measured error.

The linear flow neglects losses and the voltage at which power flows, so it is a little too kind to long lines
and low voltages. Asked again with these limits, the market keeps the real ones; one round is nearly always enough.
"""

from collections.abc import Iterator

import numpy as np

from market.grid.ac import AcFlow, ac_flow
from market.grid.feeder import Feeder, Floats
from market.grid.flow import (
    Limit,
    line_flows_w,
    line_limit,
    squared_voltages,
    transformer_limit,
    voltage_limit,
    worst,
)

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
    through = flows_w[feeder.index[feeder.root]]
    rated_va = feeder.transformer.s_va
    if rated_va is not None:
        shares = exact.transformer_va / (rated_va / 3)
        for phase in np.flatnonzero((shares > 1 + CURRENT_TOLERANCE) & (through != 0)):
            most_w = abs(float(through[phase])) / float(shares[phase])
            yield transformer_limit(feeder, int(phase), float(np.sign(through[phase])), most_w)
    shares = exact.currents_a / feeder.line_limits_a[:, None]
    for node, phase in np.argwhere((shares > 1 + CURRENT_TOLERANCE) & (flows_w != 0)):
        flow = float(flows_w[node, phase])
        yield line_limit(feeder, int(node), int(phase), np.sign(flow), abs(flow) / float(shares[node, phase]))


def _voltages(feeder: Feeder, withdrawals_w: Floats, exact: AcFlow) -> Iterator[Limit]:
    """The worst node and phase on either side of the band; what the linear flow errs there moves its bound."""
    linear = squared_voltages(feeder, withdrawals_w)
    for place, kind, bound, side in (
        (worst(exact.voltages_pu), "voltage_high", feeder.v_max_pu, 1.0),
        (worst(-exact.voltages_pu), "voltage_low", feeder.v_min_pu, -1.0),
    ):
        if side * (exact.voltages_pu[place] - bound) > VOLTAGE_TOLERANCE:
            error = float(linear[place] - exact.voltages_pu[place] ** 2)
            limit = voltage_limit(feeder, *place, kind, bound**2 + error)
            if limit is not None:
                yield limit
