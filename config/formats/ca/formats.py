"""Catalan numbers, as on a bill: 12.345,6."""

THOUSAND_SEPARATOR = "."
