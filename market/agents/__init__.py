"""A household's agent: what it may see, what it forecasts, orders and plans. No Django, no clock."""

from market.agents.charging_windows import charging_windows
from market.agents.decision import Decision, OrderWish, PlanStep
from market.agents.devices import Battery, EvCharger
from market.agents.forecast import Forecast, forecast_net_load
from market.agents.home import Metered, SimulatedHome
from market.agents.mandate import Mandate
from market.agents.observation import Observation
from market.agents.rule import decide
from market.agents.sessions import EvSession, session_at
from market.agents.windows import Car, CarWindows, Lack

__all__ = [
    "Battery",
    "Car",
    "CarWindows",
    "Decision",
    "EvCharger",
    "EvSession",
    "Forecast",
    "Lack",
    "Mandate",
    "Metered",
    "Observation",
    "OrderWish",
    "PlanStep",
    "SimulatedHome",
    "charging_windows",
    "decide",
    "forecast_net_load",
    "session_at",
]
