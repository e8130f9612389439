"""Sharing a common production among members: every rule answers one question, whole Wh that add up.

`allocate(production_wh, consumption_wh, rule)` splits the production of one interval. What a member is given
beyond its consumption is its own surplus; nobody hands it on, unless the rule says so.
"""

from market.settlement.allocation.netting import Netted, netted
from market.settlement.allocation.rules import (
    RULES,
    Cascade,
    Coefficients,
    Equal,
    Hybrid,
    Matched,
    Pairs,
    Proportional,
    Rule,
    RuleFacts,
    allocate,
    to_the_others,
)

__all__ = [
    "RULES",
    "Cascade",
    "Coefficients",
    "Equal",
    "Hybrid",
    "Matched",
    "Netted",
    "Pairs",
    "Proportional",
    "Rule",
    "RuleFacts",
    "allocate",
    "netted",
    "to_the_others",
]
