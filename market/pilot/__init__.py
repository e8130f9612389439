"""What a street would gain: a year of homes that do not trade yet, lived with the market's own rules.

Nothing here asks the database or the clock. Decisions, clearing and settlement are those of production.
"""
