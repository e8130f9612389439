"""Instants as callers write them, and as the site keeps them: in UTC, in a century that people live in."""

from datetime import UTC, datetime
from functools import lru_cache

YEARS = range(2000, 2101)


class Naive(ValueError):
    """The instant has no offset."""


@lru_cache(maxsize=16_384)
def parse_instant(text: str) -> datetime:
    """The instant in UTC. Raises `Naive` without an offset, else `ValueError`. An upload says each one twice."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise Naive(text)
    try:
        instant = instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
    if instant.year not in YEARS:
        raise ValueError(text)
    return instant
