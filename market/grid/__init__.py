"""The street's network: a radial feeder of three phases, its linear power flow and the AC state beside it."""

from market.grid.ac import AcFlow, VoltageCollapse, ac_flow, sweep
from market.grid.check import Margins, Moved, margins, moved_by_ac
from market.grid.envelopes import Connection, Envelope, envelopes
from market.grid.feeder import PHASES, SHARES, Feeder, FeederError, Line, Transformer, single_node
from market.grid.flow import Flow, line_flows_w, linear_flow, voltages_pu
from market.grid.limits import Bounds, Limit, bounds_of, broken, broken_limits, burden, full, tight, usage
from market.grid.network import Network, network_of
from market.grid.phases import Home, assumed_phases
from market.grid.room import Room, Taker, room_left

__all__ = [
    "PHASES",
    "SHARES",
    "AcFlow",
    "Bounds",
    "Connection",
    "Envelope",
    "Feeder",
    "FeederError",
    "Flow",
    "Home",
    "Limit",
    "Line",
    "Margins",
    "Moved",
    "Network",
    "Room",
    "Taker",
    "Transformer",
    "VoltageCollapse",
    "ac_flow",
    "assumed_phases",
    "bounds_of",
    "broken",
    "broken_limits",
    "burden",
    "envelopes",
    "full",
    "line_flows_w",
    "linear_flow",
    "margins",
    "moved_by_ac",
    "network_of",
    "room_left",
    "single_node",
    "sweep",
    "tight",
    "usage",
    "voltages_pu",
]
