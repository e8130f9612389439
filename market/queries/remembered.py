"""What takes long to put together, kept for a while beside the database for whoever asks again soon."""

import pickle
import zlib
from contextlib import suppress
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

FOR_S = 43_200
# The store of caches is shared: what is larger is put together each time.
MOST_BYTES = 8_000_000
UNREADABLE = (zlib.error, pickle.UnpicklingError, AttributeError, ImportError, TypeError, ValueError)


def remembered(key: str) -> Any:
    """What is kept under the key; None if nothing is, the store is away, or another version of the site wrote."""
    with suppress(RedisError, *UNREADABLE):
        kept = cache.get(key)
        # Only this site writes there, as it does its caches, which Django keeps the same way.
        return None if kept is None else pickle.loads(zlib.decompress(kept))  # noqa: S301  # nosec B301
    return None


def remember(key: str, what: Any) -> None:
    """Keep it for half a day from now."""
    packed = zlib.compress(pickle.dumps(what, pickle.HIGHEST_PROTOCOL), 1)
    if len(packed) <= MOST_BYTES:
        with suppress(RedisError):
            cache.set(key, packed, FOR_S)
