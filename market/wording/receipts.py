"""A receipt as a folder to keep: the proof, what was committed to, and a program that checks both offline."""

import io
import json
import zipfile
from pathlib import Path

from django.utils.translation import gettext as _

from market.ledger import merkle
from market.ledger.leaves import salt_of
from market.ledger.receipts import Receipt
from market.models import LogHead, LogLeaf
from market.queries.evidence import evidence
from market.queries.log import key_of, opening_of, previous_of, tiles_of_entry

PROGRAM = Path(__file__).parents[1] / "ledger" / "standalone" / "verify_receipt.py"
PAGE = PROGRAM.with_suffix(".html")
# Archives name a moment; the same receipt is the same file.
LONG_AGO = (2026, 1, 1, 0, 0, 0)


class NoReceipt(LookupError):
    """The leaf is not under a signed head yet, or its key was destroyed."""


def receipt_of(leaf: LogLeaf, head: LogHead) -> Receipt:
    """The proof that a leaf stands under a head. Raises `NoReceipt`."""
    if leaf.seq >= head.size:
        raise NoReceipt(leaf.seq)
    proof = merkle.inclusion_proof(leaf.seq, head.size, tiles_of_entry(leaf.community_id, leaf.seq, head.size))
    return Receipt(leaf.seq, tuple(proof), head.cosigned)


def as_zip(leaf: LogLeaf, head: LogHead) -> bytes:
    """The receipt with its entry, its opening and the program that checks it. Raises `NoReceipt`."""
    settled, number = leaf.settled, leaf.number
    key = key_of(leaf.household_id) if leaf.household_id is not None else None
    if settled is None or number is None or key is None or not key.opens(number):
        raise NoReceipt(leaf.seq)
    settlement = settled.settlement
    slot = settlement.slot
    behind = evidence([slot], [settled.household_id])
    stated = behind.stated(settled.household_id, slot)
    opening = opening_of(settled, slot, settlement.revision, number, previous_of(leaf), stated)
    said = {"log_key": head.verifier_key, "opening": opening, "salt": salt_of(key.key, number).hex()}
    words = _(
        "Unpack this folder and run: python3 verify_receipt.py . Or open verify_receipt.html in a browser.\n\n"
        "Neither needs a network. It says whether your "
        "figures are those that the community's log committed to, and whether its signed head holds them. Note "
        "the head: a log that was rewritten contradicts it.\n"
    )
    files = {
        "receipt.tlog-proof": receipt_of(leaf, head).text.encode(),
        "entry.json": leaf.entry,
        "opening.json": json.dumps(said, indent=1, sort_keys=True).encode(),
        "mandate.json": json.dumps(
            behind.mandate_of(settled.household_id, slot), indent=1, sort_keys=True
        ).encode(),
        "verify_receipt.py": PROGRAM.read_bytes(),
        "verify_receipt.html": PAGE.read_bytes(),
        "README.txt": words.encode(),
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(f"receipt/{name}", LONG_AGO), content)
    return target.getvalue()
