"""Limits for pages that anybody can open: so many times in a while, counted in the store of caches."""

import hashlib

from django.core.cache import cache


def within(what: str, whom: str, *, most: int, seconds: int) -> bool:
    """Count once more and say whether it is still within the limit. Raises `RedisError`: then nobody may."""
    # The address itself is kept nowhere.
    key = f"limit:{what}:{hashlib.sha256(whom.encode()).hexdigest()[:24]}"
    cache.add(key, 0, timeout=seconds)
    try:
        return int(cache.incr(key)) <= most
    except ValueError:  # it ran out between the two
        return True
