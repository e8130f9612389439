"""What was traded and is owed: slots, mandates, orders, their outcomes, settlement and statements."""

from market.models.agents import Forecast, Mandate, MandateHours, PlanStep, SetPoint
from market.models.ledger import Account, Entry, Posting
from market.models.orders import Order, Outcome, Slot, Trade
from market.models.settlement import SettledHome, Settlement
from market.models.statements import Statement, StatementLine

__all__ = [
    "Account",
    "Entry",
    "Forecast",
    "Mandate",
    "MandateHours",
    "Order",
    "Outcome",
    "PlanStep",
    "Posting",
    "SetPoint",
    "SettledHome",
    "Settlement",
    "Slot",
    "Statement",
    "StatementLine",
    "Trade",
]
