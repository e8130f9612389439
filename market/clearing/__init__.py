"""Clearing: order book in, trades, prices and reasons out. No Django, no clock, no chance."""

from market.clearing.book import Book, Fees, Kind, Order, Rules, Side
from market.clearing.clear import clear
from market.clearing.outcome import Binding, Clearing, Fill, Reason
from market.clearing.verify import verify

__all__ = [
    "Binding",
    "Book",
    "Clearing",
    "Fees",
    "Fill",
    "Kind",
    "Order",
    "Reason",
    "Rules",
    "Side",
    "clear",
    "verify",
]
