"""A receipt as a folder to keep: the proof, what was committed to, and a program that checks both offline."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from market.ledger import merkle
from market.ledger.assertions import Assertion
from market.ledger.leaves import salt_of
from market.ledger.receipts import Receipt
from market.models import LogHead, LogLeaf
from market.queries.anchors import anchors_over
from market.queries.evidence import Evidence, evidence
from market.queries.log import (
    LeafKey,
    key_to,
    keys_to,
    opening_as_logged,
    previous_of,
    rotations,
    statement_opening,
    tiles_of_entry,
)
from market.wording.anchors import file_name

PROGRAM = Path(__file__).parents[1] / "ledger" / "standalone" / "verify_receipt.py"
PAGE = PROGRAM.with_suffix(".html")
# Archives name a moment; the same receipt is the same file.
LONG_AGO = (2026, 1, 1, 0, 0, 0)


class NoReceipt(LookupError):
    """The leaf is not under a signed head yet, or its key was destroyed."""


def receipt_of(leaf: LogLeaf, head: LogHead, tiles: merkle.Subtree | None = None) -> Receipt:
    """The proof that a leaf stands under a head; `tiles` may be read already. Raises `NoReceipt`."""
    if leaf.seq >= head.size:
        raise NoReceipt(leaf.seq)
    tiles = tiles or tiles_of_entry(leaf.community_id, leaf.seq, head.size)
    proof = merkle.inclusion_proof(leaf.seq, head.size, tiles)
    return Receipt(leaf.seq, tuple(proof), head.cosigned)


class Behind(NamedTuple):
    """What opens a home's leaf: the home's keys, orders and mandates behind it, how it names the one before."""

    keys: Sequence[LeafKey]
    evidence: Evidence
    previous: str


class Signed(NamedTuple):
    """The head's key, and the changes that lead to it from keys that somebody may have noted before."""

    vkey: str
    changes: tuple[str, ...]

    @classmethod
    def by(cls, head: LogHead) -> "Signed":
        """As the head was."""
        changes = rotations(head.community_id, head.size)
        return cls(head.verifier_key, tuple(change.note for _seq, change in changes))


def files_of(leaf: LogLeaf, behind: Behind, receipt: Receipt, signed: Signed) -> dict[str, bytes]:
    """The proof with what it proves, as the program reads it. Raises `NoReceipt`."""
    number, key = leaf.number, key_to(leaf, behind.keys)
    if number is None or key is None:
        raise NoReceipt(leaf.seq)
    salt = salt_of(key, number)
    opening, mandate, signature = _opened(leaf, number, salt, behind)
    said = {"opening": opening, "salt": salt.hex()}
    said |= {"log_key": signed.vkey, "key_changes": signed.changes}
    return {
        "receipt.tlog-proof": receipt.text.encode(),
        "entry.json": leaf.entry,
        "opening.json": json.dumps(said, indent=1, sort_keys=True).encode(),
        "mandate.json": json.dumps(mandate, indent=1, sort_keys=True).encode(),
        "signature.json": json.dumps(signature and signature.plain, indent=1, sort_keys=True).encode(),
    }


def _opened(
    leaf: LogLeaf, number: int, salt: bytes, behind: Behind
) -> tuple[dict[str, Any], dict[str, Any] | None, Assertion | None]:
    """What a home's leaf commits to, the mandate that it cites, and the signature under it. Raises `NoReceipt`."""
    if leaf.statement is not None:
        return statement_opening(leaf.statement, number, behind.previous), None, None
    if leaf.settled is None:
        raise NoReceipt(leaf.seq)
    slot, home, stated = leaf.settled.settlement.slot, leaf.settled.household_id, behind.evidence
    opening = opening_as_logged(leaf, leaf.settled, salt, behind.previous, stated)
    return opening, stated.mandate_of(home, slot), stated.signature_of(home, slot)


def _anchored(leaf: LogLeaf, behind: Behind) -> dict[str, bytes]:
    """The proof under the oldest head that was anchored with the leaf in it, and what its anchors gave."""
    anchors = anchors_over(leaf)
    if not anchors:
        return {}
    head = anchors[0].head
    files = files_of(leaf, behind, receipt_of(leaf, head), Signed.by(head))
    files[file_name(head.size)] = head.note.encode()
    files |= {file_name(head.size, one.kind): bytes(one.content) for one in anchors}
    return {f"anchored/{name}": content for name, content in files.items()}


def as_zip(leaf: LogLeaf, head: LogHead) -> bytes:
    """The receipt with its entry, its opening and the program that checks it. Raises `NoReceipt`."""
    home, slots = leaf.household_id, [leaf.settled.settlement.slot] if leaf.settled else []
    if home is None:
        raise NoReceipt(leaf.seq)
    behind = Behind(keys_to(home), evidence(slots, [home]), previous_of(leaf))
    words = _(
        "Unpack this folder and run: python3 verify_receipt.py . Or open verify_receipt.html in a browser.\n\n"
        "Neither needs a network. It says whether your "
        "figures are those that the community's log committed to, and whether its signed head holds them. Note "
        "the head: a log that was rewritten contradicts it.\n"
    )
    anchored = _anchored(leaf, behind)
    if anchored:
        words += "\n" + _(
            "The folder anchored holds the same proof under an older head, and files of anchors outside that show "
            "by when this head was there: head-….txt is the head as it was anchored, and stands at the end of the "
            "proof. The page Proof of the site says how to check such files.\n"
        )
    files = {
        **files_of(leaf, behind, receipt_of(leaf, head), Signed.by(head)),
        **anchored,
        "verify_receipt.py": PROGRAM.read_bytes(),
        "verify_receipt.html": PAGE.read_bytes(),
        "README.txt": words.encode(),
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(f"receipt/{name}", LONG_AGO), content)
    return target.getvalue()
