"""What every anchor can do: take a head's note, be asked again, and have its evidence checked.

Nothing here opens a connection: `Ask` is handed in. What leaves the site is the SHA-256 of a head's note, 32 bytes
that say nothing of anybody; the evidence that comes back goes with the note as a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

GOOD, UNKNOWN = 200, 404


class BadAnchor(ValueError):
    """An answer is none, is of another head, or does not hold."""


class Reply(Protocol):
    """What came back."""

    @property
    def status(self) -> int: ...

    @property
    def content(self) -> bytes: ...


class Ask(Protocol):
    """GET a URL, or POST what is given; raises whatever its maker raises if nobody answers."""

    def __call__(
        self, url: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an anchor gave: a file, incomplete while it is to be asked again, and by when the head was there."""

    content: bytes
    complete: bool
    place: str
    said_at: datetime | None = None


class Anchor(Protocol):
    """One kind of anchor, as the operator set it up."""

    @property
    def kind(self) -> str: ...

    @property
    def urls(self) -> tuple[str, ...]:
        """Whom it asks."""
        ...

    def submit(self, note: bytes, ask: Ask) -> Evidence:
        """Hand a head in. Raises `BadAnchor`, and what `ask` raises."""
        ...

    def poll(self, note: bytes, content: bytes, ask: Ask) -> Evidence:
        """Ask again for what was incomplete. Raises as `submit`."""
        ...

    def verify(self, note: bytes, content: bytes) -> Evidence:
        """Check a file against a head, without network. Raises `BadAnchor`."""
        ...


def digest_of(note: bytes) -> bytes:
    """The 32 bytes that leave the site."""
    return sha256(note).digest()


def good(reply: Reply) -> bytes:
    """The content of a good answer. Raises `BadAnchor` for any other."""
    if reply.status != GOOD:
        raise BadAnchor(f"It answered {reply.status}.")
    return reply.content


def uleb(number: int) -> bytes:
    """A whole number in groups of seven bits, lowest first, as OpenTimestamps and BCS write it.

    >>> uleb(300).hex()
    'ac02'
    """
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])
