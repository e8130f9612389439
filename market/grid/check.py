"""What AC power flow finds broken where the linear flow saw no harm, as bounds moved by the measured error.

The linear flow neglects losses and the voltage at which power flows, so it is a little too kind to long lines
and low voltages. Asked again with these bounds, the market keeps the real ones; one round is nearly always enough.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from market.grid.ac import AcFlow
from market.grid.flow import Flow
from market.grid.limits import Bounds
from market.grid.network import Network

# Beyond this share of a current, or this much of the nominal voltage, AC counts a limit as broken.
CURRENT_TOLERANCE = 2e-3
VOLTAGE_TOLERANCE = 2e-4


@dataclass(frozen=True, slots=True)
class Moved:
    """A bound that AC power flow moved: W of a line or transformer, per unit of a voltage, from what to what."""

    element: str
    kind: str
    phase: str
    before: float
    after: float


def moved_by_ac(network: Network, bounds: Bounds, flow: Flow, exact: AcFlow) -> list[Moved]:
    """Tighten `bounds` (in place) where the AC state of a flow breaks a limit of the feeder; what was moved."""
    return [*_currents(network, bounds, flow, exact), *_voltages(network, bounds, flow, exact)]


def _currents(network: Network, bounds: Bounds, flow: Flow, exact: AcFlow) -> Iterator[Moved]:
    carried = exact.currents_a * network.feeder.phase_v / network.per_phase
    carried[:, 0] = exact.transformer_va
    with np.errstate(invalid="ignore"):
        shares = carried / network.most_w
    tree = network.feeder.tree
    for column, place in np.argwhere(shares > 1 + CURRENT_TOLERANCE):
        linear = float(flow.apparent_va[column, place])
        if linear == 0:
            continue
        before = float(bounds.most_w[column, place])
        after = min(linear / float(shares[column, place]), before)
        bounds.most_w[column, place] = after
        element = network.feeder.lines[tree.line[place]].code if place else "transformer"
        yield Moved(element, "line" if place else "transformer", network.labels[column], before, after)


def _voltages(network: Network, bounds: Bounds, flow: Flow, exact: AcFlow) -> Iterator[Moved]:
    """Every voltage out of band: what the linear flow errs there moves its bound."""
    feeder = network.feeder
    for kind, beyond, squared, bound_pu in (
        ("voltage_high", exact.voltages_pu - feeder.v_max_pu, bounds.high_squared, feeder.v_max_pu),
        ("voltage_low", feeder.v_min_pu - exact.voltages_pu, bounds.low_squared, feeder.v_min_pu),
    ):
        for column, place in np.argwhere(beyond > VOLTAGE_TOLERANCE):
            error = float(flow.squared_pu[column, place] - exact.voltages_pu[column, place] ** 2)
            before = float(squared[column, place]) ** 0.5
            after = bound_pu**2 + error
            squared[column, place] = after
            element = feeder.nodes[feeder.tree.order[place]]
            yield Moved(element, kind, network.labels[column], before, max(after, 0.0) ** 0.5)


@dataclass(frozen=True, slots=True)
class Margins:
    """How near the AC state comes to the street's limits: voltages per unit, fullest element in %, losses in W."""

    voltage_min_pu: float
    voltage_max_pu: float
    loading_max_pct: float | None
    loss_w: float


def margins(network: Network, exact: AcFlow) -> Margins:
    """The smallest margins of an AC state; the loading is None where no limit is known."""
    carried = exact.currents_a * network.feeder.phase_v / network.per_phase
    carried[:, 0] = exact.transformer_va
    known = np.isfinite(network.most_w)
    fullest = float(np.max(carried[known] / network.most_w[known])) * 100 if known.any() else None
    return Margins(
        round(float(exact.voltages_pu.min()), 5),
        round(float(exact.voltages_pu.max()), 5),
        None if fullest is None else round(fullest, 2),
        exact.loss_w,
    )
