"""What takes long to put together, kept for a while beside the database for whoever asks again soon.

What is kept are frozen dataclasses, devices and arrays as the agents have them. They are pickled: plain data would
take a reader of its own for each of some twenty kinds, which had to follow every change of theirs. Nothing is
unpickled that the site did not seal itself, and nothing that another version of the market's code wrote.
"""

import hashlib
import pickle  # of what `config.sealed_cache` found sealed by the site  # nosec B403
import zlib
from contextlib import suppress
from functools import cache as once
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

FOR_S = 3_600
LOCK_SPACE = 0x6461  # this module's number among the advisory locks
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


def first_to_ask(key: str) -> bool:
    """Whether nobody has asked for it in the last hour: whoever is the first has it put together."""
    with suppress(RedisError):
        return bool(cache.add(_name(f"asked:{key}"), 1, FOR_S))
    return False


def wait_for_others(key: str) -> None:
    """Until this transaction ends nobody else puts together what is kept under the key.

    Who holds it thinks for as long as a task may take, and so long is waited.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{settings.CELERY_TASK_TIME_LIMIT}s"])
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_SPACE, key])


def kept_bytes(key: str) -> int:
    """How large what is kept under the key is; 0 if nothing is."""
    return len(cache.get(_name(key)) or b"")


def _name(key: str) -> str:
    return f"{key}:{_edition()}"


@once
def _edition() -> str:
    """A name for the market's code as it is: what another version remembered may have another shape."""
    read = hashlib.sha256()
    for path in sorted(MARKET.rglob("*.py")):
        read.update(path.read_bytes())
    return read.hexdigest()[:16]
