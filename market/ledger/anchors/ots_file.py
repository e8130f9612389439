"""OpenTimestamps files (.ots): a digest, steps from it, and who says that what they lead to was there by a time.

A stamp is a message; steps (append, prepend, SHA-256) lead to further stamps; attestations stand on stamps: a
calendar that promises one (pending), or the block of Bitcoin whose Merkle root the message is. Others are kept
unread.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from market.ledger.anchors.anchor import BadAnchor, uleb

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00" + bytes.fromhex("bf89e2e884e89294")
VERSION = 1
SHA256, APPEND, PREPEND = 0x08, 0xF0, 0xF1
ATTESTATION, FORK = 0x00, 0xFF
PENDING, BITCOIN = bytes.fromhex("83dfe30d2ef90c8e"), bytes.fromhex("0588960d73d71901")
TAG_BYTES, HASH_BYTES = 8, 32
MOST_MESSAGE, MOST_PAYLOAD, MOST_STEPS = 4096, 8192, 256
MOST_GROUPS = 9
# Letters enough for a calendar, none for a question or a password.
ADDRESS, MOST_ADDRESS = re.compile(rb"[A-Za-z0-9\-._/:]*"), 1000


class Attestation(NamedTuple):
    """Who says so (eight bytes), and what."""

    tag: bytes
    payload: bytes

    @property
    def calendar(self) -> str:
        """The URL of the calendar that promises more; empty for what is no promise. Raises `BadAnchor`."""
        if self.tag != PENDING:
            return ""
        found = _whole(self.payload, "varbytes")
        if len(found) > MOST_ADDRESS or not ADDRESS.fullmatch(found):
            raise BadAnchor("A calendar's address is none.")
        return found.decode("ascii")

    def check(self) -> None:
        """Raises `BadAnchor` for a payload that is not of its kind."""
        _ = self.calendar, self.block

    @property
    def block(self) -> int | None:
        """The height of Bitcoin's block. Raises `BadAnchor`."""
        return int.from_bytes(_whole(self.payload, "varuint"), "big") if self.tag == BITCOIN else None


class Step(NamedTuple):
    """What is done to a message: its code, and what is appended or prepended."""

    code: int
    given: bytes

    def after(self, message: bytes) -> bytes:
        """The message that it leads to. Raises `BadAnchor` for a step that is not known or too long."""
        match self.code:
            case 0x08:
                return sha256(message).digest()
            case 0xF0 if self.given:
                found = message + self.given
            case 0xF1 if self.given:
                found = self.given + message
            case _:
                raise BadAnchor(f"A step {self.code:#x} of {len(self.given)} bytes is not known.")
        if len(found) > MOST_MESSAGE:
            raise BadAnchor("A message is too long.")
        return found


@dataclass(slots=True)
class Stamp:
    """A message, what is said of it, and where steps lead from it."""

    message: bytes
    said: set[Attestation] = field(default_factory=set)
    then: dict[Step, "Stamp"] = field(default_factory=dict)

    def merge(self, other: "Stamp") -> None:
        """Take in what another stamp of the same message knows. Raises `BadAnchor` for another message."""
        if self.message != other.message:
            raise BadAnchor("Two stamps are of different messages.")
        self.said |= other.said
        for step, stamp in other.then.items():
            self.then.setdefault(step, Stamp(stamp.message)).merge(stamp)

    def all(self) -> Iterator["Stamp"]:
        """This stamp and all that follow from it."""
        yield self
        for stamp in self.then.values():
            yield from stamp.all()

    def written(self) -> bytes:
        """The stamp without its message. Raises `BadAnchor` for one that says nothing."""
        parts = [
            bytes([ATTESTATION]) + one.tag + uleb(len(one.payload)) + one.payload for one in sorted(self.said)
        ]
        for step, stamp in sorted(self.then.items(), key=lambda item: item[0]):
            given = uleb(len(step.given)) + step.given if step.code != SHA256 else b""
            parts.append(bytes([step.code]) + given + stamp.written())
        if not parts:
            raise BadAnchor("A stamp says nothing.")
        return b"".join(bytes([FORK]) + part for part in parts[:-1]) + parts[-1]


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, count: int) -> bytes:
        found = self.content[self.at : self.at + count]
        if len(found) != count:
            raise BadAnchor("The file ends too soon.")
        self.at += count
        return found

    def varuint(self) -> int:
        number = 0
        for group in range(MOST_GROUPS):
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << 7 * group
            if not byte & 0x80:
                return number
        raise BadAnchor("A number is too long.")

    def varbytes(self, most: int) -> bytes:
        length = self.varuint()
        if length > most:
            raise BadAnchor("A part is too long.")
        return self.take(length)

    def stamp(self, message: bytes, steps: int = MOST_STEPS) -> Stamp:
        if not steps:
            raise BadAnchor("There are too many steps.")
        found = Stamp(message)
        while True:
            code = self.take(1)[0]
            more = code == FORK
            if more:
                code = self.take(1)[0]
            if code == ATTESTATION:
                attestation = Attestation(self.take(TAG_BYTES), self.varbytes(MOST_PAYLOAD))
                attestation.check()
                found.said.add(attestation)
            else:
                step = Step(code, self.varbytes(MOST_MESSAGE) if code in {APPEND, PREPEND} else b"")
                after = self.stamp(step.after(message), steps - 1)
                found.then.setdefault(step, Stamp(after.message)).merge(after)
            if not more:
                return found


def _whole(payload: bytes, kind: str) -> bytes:
    """The one part that a payload consists of."""
    reader = _Reader(payload)
    found = reader.varbytes(MOST_PAYLOAD) if kind == "varbytes" else reader.varuint().to_bytes(8, "big")
    if reader.at != len(payload):
        raise BadAnchor("An attestation has more than it should.")
    return found


def read_stamp(content: bytes, message: bytes) -> Stamp:
    """A calendar's answer about a message. Raises `BadAnchor`."""
    reader = _Reader(content)
    found = reader.stamp(message)
    if reader.at != len(content):
        raise BadAnchor("The answer goes on behind its end.")
    return found


def read_file(content: bytes) -> Stamp:
    """The stamp of a file's digest. Raises `BadAnchor`."""
    begin = MAGIC + uleb(VERSION) + bytes([SHA256])
    if not content.startswith(begin):
        raise BadAnchor("This is no OpenTimestamps file of a SHA-256.")
    body = content[len(begin) :]
    if len(body) < HASH_BYTES:
        raise BadAnchor("The file ends too soon.")
    return read_stamp(body[HASH_BYTES:], body[:HASH_BYTES])


def write_file(stamp: Stamp) -> bytes:
    """A stamp of a digest as a file."""
    return MAGIC + uleb(VERSION) + bytes([SHA256]) + stamp.message + stamp.written()
