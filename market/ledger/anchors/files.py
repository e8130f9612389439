"""The files that anchors gave: how they are called, and whether one is of a head, whoever set its anchor up."""

from market.ledger.anchors.anchor import BadAnchor, digest_of
from market.ledger.anchors.iota import Iota
from market.ledger.anchors.opentimestamps import OpenTimestamps
from market.ledger.anchors.rfc3161 import decoded

# Tools look for these endings behind the name of the file that was anchored.
ENDINGS = {"rfc3161": "tsr", "opentimestamps": "ots", "iota": "iota.json"}


def check(kind: str, note: bytes, content: bytes) -> None:
    """Raise `BadAnchor` unless a file is of its kind and of this head.

    A stamp's certificate is not asked: its roots are the operator's to name, and were asked before it was kept.
    """
    match kind:
        case "rfc3161":
            if decoded(content).tst_info.message_imprint.message != digest_of(note):
                raise BadAnchor("The stamp is of another head.")
        case "opentimestamps":
            OpenTimestamps(()).verify(note, content)
        case "iota":
            Iota("", b"").verify(note, content)
        case _:
            raise BadAnchor(f"No anchor of the kind {kind[:20]} is known.")
