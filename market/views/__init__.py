"""Doors of the site: they read the clock, ask a query, and send a page."""
