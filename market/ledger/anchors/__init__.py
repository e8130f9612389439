"""Anchors: others who say that a head was there by a time, each in its own way behind one interface."""

from market.ledger.anchors.anchor import Anchor, Ask, BadAnchor, Evidence

__all__ = ["Anchor", "Ask", "BadAnchor", "Evidence"]
