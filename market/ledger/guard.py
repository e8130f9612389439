"""The signer: keeps the keys and the last heads in a directory of its own, and never signs a log that did not grow
from the one it signed before. A database that was set back to yesterday cannot make it sign another history.
"""

import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from market.ledger.merkle import proves_growth
from market.ledger.notes import Head, SignerKey, sign

OWNER_ONLY = 0o600


class Forked(Exception):
    """The log is not the one that was signed before, grown; nothing was signed."""


class Guard:
    """Signs heads of logs by their origin. The directory belongs to this process alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def key(self, origin: str) -> SignerKey:
        """The log's key, made when it is first asked for."""
        path = self._path(origin, "key")
        if not path.exists():
            self._write(path, b64encode(secrets.token_bytes(32)))
        return SignerKey(origin, b64decode(path.read_bytes()))

    def last(self, origin: str) -> Head | None:
        """The head that was signed last."""
        path = self._path(origin, "head")
        if not path.exists():
            return None
        said = json.loads(path.read_bytes())
        return Head(origin, said["size"], bytes.fromhex(said["root"]))

    def sign(self, head: Head, proof: Sequence[bytes]) -> str:
        """The head's note, once what it grew from is proven; kept before it is handed out. Raises `Forked`."""
        before = self.last(head.origin)
        if before is not None and not proves_growth(before.size, head.size, before.root, head.root, proof):
            raise Forked(
                f"{head.origin}: {head.size} entries do not begin with the {before.size} that were signed."
            )
        note = sign(head.text, self.key(head.origin))
        self.keep(head)
        return note

    def keep(self, head: Head) -> None:
        """Remember a head as the last one of its log."""
        said = {"size": head.size, "root": head.root.hex()}
        self._write(self._path(head.origin, "head"), json.dumps(said).encode())

    def _path(self, origin: str, what: str) -> Path:
        return self.folder / f"{sha256(origin.encode()).hexdigest()[:24]}.{what}"

    def _write(self, path: Path, content: bytes) -> None:
        """All of it or nothing, and on the disk."""
        fresh = path.with_suffix(".new")
        number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
