"""The street's network: a radial feeder and its linear power flow."""

from market.grid.feeder import Feeder, FeederError, Line, Transformer, single_node
from market.grid.flow import Limit, broken_limits, line_flows_w, voltages_pu

__all__ = [
    "Feeder",
    "FeederError",
    "Limit",
    "Line",
    "Transformer",
    "broken_limits",
    "line_flows_w",
    "single_node",
    "voltages_pu",
]
