"""The signer: keeps the keys and the last heads in a directory of its own, and never signs a log that did not grow
from the one it signed before. A database that was set back to yesterday cannot make it sign another history.
"""

import fcntl
import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from market.ledger.merkle import proves_growth
from market.ledger.notes import Head, SignerKey, sign
from market.ledger.rotation import Rotation

OWNER_ONLY = 0o600


class Forked(Exception):
    """The log is not the one that was signed before, grown; nothing was signed."""


class Guard:
    """Signs heads of logs by their origin. The directory belongs to the signer's account alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One signer at a time: a second one, started by mistake, waits and then sees what the first signed."""
        with (self.folder / "lock").open("a") as file:
            (self.folder / "lock").chmod(OWNER_ONLY)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def has_key(self, origin: str) -> bool:
        """Whether the log's key is there: asked where one has to be, so that none is made in its place."""
        return self._path(origin, "key").exists()

    def key(self, origin: str) -> SignerKey:
        """The log's key, made when it is first asked for."""
        path = self._path(origin, "key")
        if not path.exists():
            self._write(path, b64encode(secrets.token_bytes(32)))
        return SignerKey(origin, b64decode(path.read_bytes()))

    def staged(self, origin: str) -> SignerKey:
        """The key that is to replace the log's, made when it is first asked for.

        One that is the log's already was left by a signer that died as it turned to it.
        """
        path = self._path(origin, "next")
        if not path.exists() or b64decode(path.read_bytes()) == self.key(origin).seed:
            self._write(path, b64encode(secrets.token_bytes(32)))
        return SignerKey(origin, b64decode(path.read_bytes()))

    def turn_to(self, origin: str, change: Rotation) -> None:
        """Sign with the staged key from now on, if the log says so. Raises `Forked` for a key that is not ours.

        The old private key is gone then: nobody can sign with it any more, and what it signed still verifies.
        """
        if self.key(origin).verifier == change.new:
            return
        if self.key(origin).verifier != change.old or self.staged(origin).verifier != change.new:
            raise Forked(f"{origin}: the log names a key that is none of the signer's.")
        self._write(self._path(origin, "key"), b64encode(self.staged(origin).seed))
        self._path(origin, "next").unlink()

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
