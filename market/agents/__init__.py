"""A household's agent: what it may see, what it forecasts, orders and plans. No Django, no clock."""

from market.agents.charging import as_its_owner_says
from market.agents.charging_windows import charging_windows
from market.agents.clamp import clamped
from market.agents.decision import Decision, OrderWish, PlanStep
from market.agents.devices import Battery, Curtailable, EvCharger
from market.agents.forecasting.profile import Forecast, forecast_net_load
from market.agents.home import Metered, SimulatedHome
from market.agents.hours import HoursRule, LocalTime, local_times
from market.agents.mandate import Mandate
from market.agents.observation import Observation
from market.agents.rule import decide
from market.agents.sessions import EvSession, session_at
from market.agents.terms import SlotTerms, terms_at
from market.agents.windows import Car, CarWindows, Lack

__all__ = [
    "Battery",
    "Car",
    "CarWindows",
    "Curtailable",
    "Decision",
    "EvCharger",
    "EvSession",
    "Forecast",
    "HoursRule",
    "Lack",
    "LocalTime",
    "Mandate",
    "Metered",
    "Observation",
    "OrderWish",
    "PlanStep",
    "SimulatedHome",
    "SlotTerms",
    "as_its_owner_says",
    "charging_windows",
    "clamped",
    "decide",
    "forecast_net_load",
    "local_times",
    "session_at",
    "terms_at",
]
