"""Reads of the market: every query answers with plain numbers or frozen dataclasses."""
