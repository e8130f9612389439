"""Traded against metered, into money: the core decides, in whole Wh and n€."""

from market.settlement.case import MEASURED, Line, Metered, Posting, Settled, SlotCase, SlotFacts, Terms, Traded
from market.settlement.settle import settle

__all__ = [
    "MEASURED",
    "Line",
    "Metered",
    "Posting",
    "Settled",
    "SlotCase",
    "SlotFacts",
    "Terms",
    "Traded",
    "settle",
]
