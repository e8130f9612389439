"""The ledger's rules: entries that balance."""

from market.ledger.entry import BalancedEntry, Unbalanced

__all__ = ["BalancedEntry", "Unbalanced"]
