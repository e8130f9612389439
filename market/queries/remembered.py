"""What takes long to put together, kept for a while beside the database for whoever asks again soon."""

import hashlib
import pickle  # of what `config.sealed_cache` found sealed by the site  # nosec B403
import zlib
from contextlib import suppress
from functools import cache as once
from pathlib import Path
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

FOR_S = 3_600
# The store of caches is shared: what is larger is put together each time.
MOST_BYTES = 8_000_000
MARKET = Path(__file__).resolve().parents[1]


def remembered(key: str) -> Any:
    """What is kept under the key; None if nothing is, the store is away, or another version of the site wrote."""
    packed = None
    with suppress(RedisError):
        packed = cache.get(_name(key))
    return None if packed is None else pickle.loads(zlib.decompress(packed))  # noqa: S301  # nosec B301


def remember(key: str, what: Any) -> None:
    """Keep it for an hour from now: as long as somebody may go on trying, and no longer."""
    packed = zlib.compress(pickle.dumps(what, pickle.HIGHEST_PROTOCOL), 1)
    if len(packed) <= MOST_BYTES:
        with suppress(RedisError):
            cache.set(_name(key), packed, FOR_S)


def _name(key: str) -> str:
    return f"{key}:{_edition()}"


@once
def _edition() -> str:
    """A name for the market's code as it is: what another version remembered may have another shape."""
    read = hashlib.sha256()
    for path in sorted(MARKET.rglob("*.py")):
        read.update(path.read_bytes())
    return read.hexdigest()[:16]
