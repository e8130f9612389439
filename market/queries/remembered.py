"""What takes long to put together, kept for a while beside the database for whoever asks again soon."""

import hashlib
import pickle  # of what bears the site's seal only  # nosec B403
import zlib
from contextlib import suppress
from functools import cache as once
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.utils.crypto import constant_time_compare, salted_hmac
from redis.exceptions import RedisError

FOR_S = 43_200
# The store of caches is shared: what is larger is put together each time.
MOST_BYTES = 8_000_000
SEAL_BYTES = 32
MARKET = Path(__file__).resolve().parents[1]


def remembered(key: str) -> Any:
    """What is kept under the key; None if nothing is, the store is away, or another version of the site wrote."""
    kept = b""
    with suppress(RedisError):
        kept = cache.get(key) or b""
    # Whoever writes into the store could otherwise have this process run what they like.
    if not constant_time_compare(kept[:SEAL_BYTES], _seal(key, kept[SEAL_BYTES:])):
        return None
    return pickle.loads(zlib.decompress(kept[SEAL_BYTES:]))  # noqa: S301  # nosec B301


def remember(key: str, what: Any) -> None:
    """Keep it for half a day from now."""
    packed = zlib.compress(pickle.dumps(what, pickle.HIGHEST_PROTOCOL), 1)
    if len(packed) <= MOST_BYTES:
        with suppress(RedisError):
            cache.set(key, _seal(key, packed) + packed, FOR_S)


def _seal(key: str, packed: bytes) -> bytes:
    """That the site wrote it under this key, with the code that reads it."""
    return salted_hmac(f"market.remembered:{_edition()}:{key}", packed, algorithm="sha256").digest()


@once
def _edition() -> str:
    """A name for the market's code as it is: what another version remembered may have another shape."""
    read = hashlib.sha256()
    for path in sorted(MARKET.rglob("*.py")):
        read.update(path.read_bytes())
    return read.hexdigest()
