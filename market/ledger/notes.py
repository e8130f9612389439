"""Signed notes and the heads of logs in them (C2SP signed-note, tlog-checkpoint; golang.org/x/mod/sumdb/note).

A note is a text that ends with a newline, an empty line, and signature lines. A head's text is the log's origin,
its size and its root. Only Ed25519 (algorithm 1) and witnesses' dated cosignatures (algorithm 4) are known;
lines of unknown keys are passed over, as the format wants.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from market.ledger.merkle import HASH_BYTES

DASH = "\u2014"
PLAIN, COSIGNED = 1, 4
SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
KEY_BYTES, ID_BYTES, TIME_BYTES, SIGNATURE_BYTES = 32, 4, 8, 64


class BadNote(ValueError):
    """A text is no note, a key no key, or no signature of a known key holds."""


def strict_b64(text: str) -> bytes:
    """Bytes of base64 in its one right spelling. Raises `BadNote` for any other: a flipped bit must not go by."""
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise BadNote(f"{text[:40]} is no base64.") from error
    if b64encode(data).decode() != text:
        raise BadNote(f"{text[:40]} is base64 with idle bits.")
    return data


def size_of(text: str) -> int:
    """A log's size in its one right spelling. Raises `BadNote`; Python would not even read very long ones."""
    if not SIZE.fullmatch(text) or int(text) >= 2**63:
        raise BadNote(f"{text[:40]} is no size.")
    return int(text)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Who signs: a name, and a public key with its algorithm; `NAME+HASH+KEY` as text."""

    name: str
    algorithm: int
    key: bytes

    @classmethod
    def of(cls, text: str) -> "VerifierKey":
        """Read a key. Raises `BadNote`."""
        name, plus, rest = text.partition("+")
        number, again, key = rest.partition("+")
        if not (plus and again and _is_name(name)):
            raise BadNote(f"{text[:60]} is no verifier key.")
        data = strict_b64(key)
        found = cls(name, data[0] if data else 0, data[1:])
        if found.algorithm not in {PLAIN, COSIGNED} or len(found.key) != KEY_BYTES:
            raise BadNote(f"The key of {name} is of an unknown kind.")
        if number != found.id.hex():
            raise BadNote(f"The key of {name} does not fit its hash.")
        return found

    @property
    def id(self) -> bytes:
        """The four bytes by which signature lines name the key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.key).digest()[:ID_BYTES]

    def __str__(self) -> str:
        data = b64encode(bytes([self.algorithm]) + self.key).decode()
        return f"{self.name}+{self.id.hex()}+{data}"

    def holds(self, text: str, signature: bytes) -> bool:
        """Whether a signature of this key over the text is right."""
        message, own = text.encode(), signature
        if self.algorithm == COSIGNED:
            time, own = int.from_bytes(signature[:TIME_BYTES], "big"), signature[TIME_BYTES:]
            message = f"cosignature/v1\ntime {time}\n{text}".encode()
        if len(own) != SIGNATURE_BYTES:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(own, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key with its name."""

    name: str
    seed: bytes
    algorithm: int = PLAIN

    @property
    def verifier(self) -> VerifierKey:
        """The public part."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, self.algorithm, public)

    def line(self, text: str, time_s: int = 0) -> str:
        """A signature line over a note's text; a witness says when (POSIX seconds)."""
        message, when = text.encode(), b""
        if self.algorithm == COSIGNED:
            message, when = f"cosignature/v1\ntime {time_s}\n{text}".encode(), time_s.to_bytes(TIME_BYTES, "big")
        own = Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)
        return f"{DASH} {self.name} {b64encode(self.verifier.id + when + own).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note: a name, the key's four bytes, and what was signed."""

    name: str
    key_id: bytes
    signature: bytes


def sign(text: str, *signers: SignerKey) -> str:
    """A note with the signers' lines. Raises `BadNote` for a text without a newline at its end."""
    if not text.endswith("\n") or text.endswith("\n\n"):
        raise BadNote("A note's text ends with one newline.")
    return f"{text}\n{''.join(one.line(text) for one in signers)}"


def parse(note: str) -> tuple[str, list[Signature]]:
    """A note's text and its signature lines. Raises `BadNote`."""
    if any((one < " " and one != "\n") or one == "\ufffd" for one in note):
        raise BadNote("A note holds no control characters.")
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise BadNote("A note has an empty line before its signatures, and a newline at its end.")
    return text + "\n", [_signature(line) for line in lines[:-1].split("\n")]


def _signature(line: str) -> Signature:
    dash, space, rest = line.partition(" ")
    name, again, data = rest.partition(" ")
    if dash != DASH or not (space and again and _is_name(name)):
        raise BadNote(f"{line[:60]} is no signature line.")
    found = strict_b64(data)
    if len(found) <= ID_BYTES:
        raise BadNote(f"The signature of {name} is too short.")
    return Signature(name, found[:ID_BYTES], found[ID_BYTES:])


def verified(note: str, keys: Iterable[VerifierKey]) -> tuple[str, list[str]]:
    """A note's text and the names of the known keys that signed it.

    Raises `BadNote` if it is none, if a line of a known key is wrong, or if no known key signed.
    """
    text, signatures = parse(note)
    if len({(one.name, one.key_id) for one in signatures}) != len(signatures):
        raise BadNote("A key signed this note twice.")
    known = {(key.name, key.id): key for key in keys}
    names: list[str] = []
    for one in signatures:
        key = known.get((one.name, one.key_id))
        if key is None:
            continue
        if not key.holds(text, one.signature):
            raise BadNote(f"The signature of {one.name} is wrong.")
        names.append(one.name)
    if not names:
        raise BadNote("No known key signed this note.")
    return text, names


@dataclass(frozen=True, slots=True)
class Head:
    """A log at one moment: its origin, how many entries, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def of(cls, text: str) -> "Head":
        """Read a head's text; lines beyond the third are extensions. Raises `BadNote`."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not lines[0] or not all(lines[:-1]):
            raise BadNote("A head has an origin, a size and a root, each on a line.")
        size, root = size_of(lines[1]), strict_b64(lines[2])
        if len(root) != HASH_BYTES:
            raise BadNote("The root is no hash.")
        return cls(lines[0], size, root)


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(one.isspace() for one in name)
