"""What a log holds: commitments to each home's part of each slot, and what the slot itself was about.

A leaf says nothing of a home to whoever has no opening: it is an HMAC over the opening, with a salt that follows
from the home's own key and the running number of its leaves. Destroying the key makes all of them meaningless and
breaks no proof. Openings name the leaf before them, so that nothing can be left out unseen.
"""

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import sha256
from operator import attrgetter
from typing import Any

from market.ledger.merkle import leaf_hash

VERSION = 1
# Which rules of settlement worked a slot out; another number with every change of them.
ALGORITHM = "azotea-settle-1"
KEY_BYTES = 32
PLAIN = frozenset({int, str, bool, type(None)})


_SPELLING = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: Any) -> bytes:
    """The one spelling of plain values (RFC 8785 for ASCII keys, whole numbers and texts)."""
    return _SPELLING.encode(value).encode()


def salt_of(key: bytes, number: int) -> bytes:
    """The salt of a home's leaf by its running number."""
    return hmac.digest(key, number.to_bytes(8, "big"), "sha256")


def commitment(salt: bytes, opening: Mapping[str, Any]) -> str:
    """What stands in the log for an opening, in hex."""
    return hmac.digest(salt, canonical(dict(opening)), "sha256").hex()


def home_leaf(slot: str, committed: str) -> bytes:
    """A home's leaf."""
    return canonical({"cm": committed, "slot": slot, "t": "posting", "v": VERSION})


def statement_leaf(month: str, committed: str) -> bytes:
    """The leaf of a home's statement; its month stands where other leaves have their slot."""
    return canonical({"cm": committed, "slot": month, "t": "statement", "v": VERSION})


def slot_leaf(slot: str, facts: Mapping[str, int | None], inputs: str) -> bytes:
    """The slot's own leaf: its sums and price, and the hash of all that decided it."""
    return canonical({"algo": ALGORITHM, "inputs": inputs, "slot": slot, "t": "slot", "v": VERSION, **facts})


def hash_of_inputs(case: Any) -> str:
    """The hash of all that decided a slot's settlement (a `SlotCase`), in hex: its values in their order."""
    return sha256(canonical(_values(case))).hexdigest()


def _values(value: Any) -> Any:
    """A dataclass as the list of its values, and those within it."""
    if isinstance(value, tuple):
        return [_values(one) for one in value]
    if not is_dataclass(value):
        return value
    return [_values(one) if one.__class__ not in PLAIN else one for one in _fields_of(value.__class__)(value)]


@cache
def _fields_of(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """All values of a dataclass at once; each has more than one."""
    return attrgetter(*(field.name for field in fields(kind)))


def link(entry: bytes | None) -> str:
    """How an opening names the leaf before it: its hash in hex, nothing for the first."""
    return "" if entry is None else leaf_hash(entry).hex()


def shuffled(leaves: Sequence[bytes]) -> list[int]:
    """In which order leaves of one slot are written: by themselves, so that places tell nothing of homes."""
    return sorted(range(len(leaves)), key=lambda i: leaves[i])
