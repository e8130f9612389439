"""Readings as they happen: an MQTT broker's messages become registers and readings like any others.

A message goes through `messages` (topic and payload to rows), `dials` (which of many registers are worth
keeping) and `hearing` (whose it is, stored or answered). `listener` keeps the connection.
"""
