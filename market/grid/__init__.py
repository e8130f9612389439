"""The street's network: a radial feeder of three phases, its linear power flow and the AC state beside it."""

from market.grid.ac import AcFlow, VoltageCollapse, ac_flow
from market.grid.check import ac_broken_limits
from market.grid.envelopes import Connection, Envelope, envelopes
from market.grid.feeder import PHASES, SHARES, Feeder, FeederError, Line, Transformer, single_node
from market.grid.flow import Limit, broken_limits, line_flows_w, voltages_pu
from market.grid.phases import Home, assumed_phases

__all__ = [
    "PHASES",
    "SHARES",
    "AcFlow",
    "Connection",
    "Envelope",
    "Feeder",
    "FeederError",
    "Home",
    "Limit",
    "Line",
    "Transformer",
    "VoltageCollapse",
    "ac_broken_limits",
    "ac_flow",
    "assumed_phases",
    "broken_limits",
    "envelopes",
    "line_flows_w",
    "single_node",
    "voltages_pu",
]
