"""What the store of caches holds bears a seal of the site's key: no process unpickles what others wrote there."""

import pickle  # of what bears the site's seal only  # nosec B403
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature
from django.utils.crypto import constant_time_compare, salted_hmac

SEAL_BYTES = 32
SALT = "config.sealed_cache"


class Sealed:
    """The serializer of Django's cache; whole numbers stay as they are, since the store itself counts them up."""

    def dumps(self, what: Any) -> int | bytes:
        """The value as the store keeps it."""
        if type(what) is int:
            return what
        packed = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
        return _seal(packed) + packed

    def loads(self, kept: bytes) -> Any:
        """The value that was kept. Raises `BadSignature` for what the site did not write with its present key."""
        try:
            return int(kept)
        except ValueError:
            packed = kept[SEAL_BYTES:]
        if not constant_time_compare(kept[:SEAL_BYTES], _seal(packed)):
            raise BadSignature("What the store of caches holds bears no seal of this site.")
        return pickle.loads(packed)  # noqa: S301  # nosec B301


def key_named_after_the_secret(key: str, prefix: str, version: int) -> str:
    """Each secret key has names of its own: after a new one the site finds nothing, and no seal of the old."""
    return f"{prefix}:{version}:{salted_hmac(SALT, b'names', algorithm='sha256').hexdigest()[:8]}:{key}"


def _seal(packed: bytes) -> bytes:
    return salted_hmac(SALT, packed, secret=settings.SECRET_KEY, algorithm="sha256").digest()
