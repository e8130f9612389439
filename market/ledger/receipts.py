"""Receipts: that an entry is in a log under a signed head (C2SP tlog-proof@v1), as a text to keep and to check."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from market.ledger.merkle import HASH_BYTES, leaf_hash, proves_inclusion
from market.ledger.notes import BadNote, Head, VerifierKey, size_of, strict_b64, verified

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry's place, the hashes up to the root, and the head's note; `extra` is for whoever wrote it."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    @property
    def text(self) -> str:
        """The receipt as a file."""
        extra = f"extra {b64encode(self.extra).decode()}\n" if self.extra else ""
        hashes = "".join(f"{b64encode(one).decode()}\n" for one in self.hashes)
        return f"{HEADER}\n{extra}index {self.index}\n{hashes}\n{self.checkpoint}"

    @classmethod
    def of(cls, text: str) -> "Receipt":
        """Read a receipt. Raises `BadNote`."""
        head, gap, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if lines[0] != HEADER or not gap or not checkpoint:
            raise BadNote("This is no receipt.")
        rest = lines[1:]
        extra = b""
        if rest and rest[0].startswith("extra "):
            extra = strict_b64(rest.pop(0).removeprefix("extra "))
        number = rest.pop(0).removeprefix("index ") if rest and rest[0].startswith("index ") else ""
        hashes = tuple(strict_b64(line) for line in rest)
        if any(len(one) != HASH_BYTES for one in hashes):
            raise BadNote("The receipt holds something that is no hash.")
        return cls(size_of(number), hashes, checkpoint, extra)


def proven(
    receipt: Receipt, entry: bytes, log: VerifierKey, witnesses: Sequence[VerifierKey] = (), quorum: int = 0
) -> Head:
    """The signed head under which the entry stands. Raises `BadNote` where anything of the proof does not hold.

    `quorum` of the witnesses must have cosigned the head, too.
    """
    text, names = verified(receipt.checkpoint, [log, *witnesses])
    if log.name not in names:
        raise BadNote("The log itself did not sign this head.")
    if _count(names, witnesses) < quorum:
        raise BadNote(f"Fewer than {quorum} witnesses saw this head.")
    head = Head.of(text)
    if head.origin != log.name:
        raise BadNote(f"The head is of {head.origin}, not of {log.name}.")
    if not proves_inclusion(receipt.index, head.size, leaf_hash(entry), receipt.hashes, head.root):
        raise BadNote("The entry is not in the log at this place.")
    return head


def _count(names: Iterable[str], witnesses: Sequence[VerifierKey]) -> int:
    return len({one.name for one in witnesses} & set(names))
