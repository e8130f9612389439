"""Another key for a log: an entry that the old and the new key both signed; from it on the new one signs heads."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from market.ledger.leaves import VERSION, canonical
from market.ledger.notes import BadNote, SignerKey, VerifierKey, sign, verified

# The first line of what is signed, where a head has its origin: neither can be taken for the other.
KIND = "azotea/key-change/1"
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Rotation:
    """A log's key was replaced; `note` is what both signed."""

    old: VerifierKey
    new: VerifierKey
    at: datetime
    note: str


def rotation_leaf(old: SignerKey, new: SignerKey, at: datetime) -> bytes:
    """The entry, signed by both. Raises `BadNote` for keys of two logs."""
    if old.name != new.name or old.seed == new.seed:
        raise BadNote("A log's key is replaced by another one of the same log.")
    text = f"{KIND}\n{old.verifier}\n{new.verifier}\n{at.astimezone(UTC).strftime(MOMENT)}\n"
    return canonical({"note": sign(text, old, new), "t": "key", "v": VERSION})


def read_rotation(entry: bytes) -> Rotation:
    """What an entry says, once both signatures hold. Raises `BadNote`."""
    try:
        note = str(json.loads(entry)["note"])
        kind, old_text, new_text, moment, end = [*note.partition("\n\n")[0].split("\n"), ""]
        at = datetime.strptime(moment, MOMENT).replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError) as error:
        raise BadNote("The entry is no change of a key.") from error
    if kind != KIND or end:
        raise BadNote("The entry is no change of a key.")
    old, new = VerifierKey.of(old_text), VerifierKey.of(new_text)
    _text, names = verified(note, [old, new])
    if names != [old.name, old.name] or old.name != new.name or old == new:
        raise BadNote("A change of a key is signed by both keys.")
    return Rotation(old, new, at, note)
