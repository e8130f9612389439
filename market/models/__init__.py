"""What was traded and is owed: slots, mandates, orders, their outcomes, settlement and statements."""

from market.models.agents import Forecast, Mandate, PlanStep, SetPoint
from market.models.ledger import Account, Entry, Posting
from market.models.orders import Order, Outcome, Slot, Trade
from market.models.policies import Policy, TrainingRun
from market.models.settlement import SettledHome, Settlement
from market.models.statements import Statement, StatementLine

__all__ = [
    "Account",
    "Entry",
    "Forecast",
    "Mandate",
    "Order",
    "Outcome",
    "PlanStep",
    "Policy",
    "Posting",
    "SetPoint",
    "SettledHome",
    "Settlement",
    "Slot",
    "Statement",
    "StatementLine",
    "Trade",
    "TrainingRun",
]
