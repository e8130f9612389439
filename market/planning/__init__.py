"""Day ahead: a community's day in, the cheapest plan inside its street's limits out. No clock, no chance."""

from market.planning.day import Batteries, Cars, Day, DayError, Homes, no_batteries, no_cars
from market.planning.plan import Binding, DayPlan
from market.planning.plan_day import plan_day

__all__ = [
    "Batteries",
    "Binding",
    "Cars",
    "Day",
    "DayError",
    "DayPlan",
    "Homes",
    "no_batteries",
    "no_cars",
    "plan_day",
]
