"""Asking the operator's witnesses to cosign heads; settlement never waits for them."""

import logging
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from community.models import Community
from config.outbound import Answer, NoAnswer, Outbound, Refused
from market.ledger import merkle
from market.ledger.notes import BadNote, Head, VerifierKey, parse, verified
from market.ledger.witness import request_body
from market.models import LogCosignature, LogHead
from market.queries.log import latest_head, tiles_of

logger = logging.getLogger(__name__)
GOOD, CONFLICT = 200, 409


class Peer(NamedTuple):
    """A witness: its key, and where it is asked."""

    key: VerifierKey
    url: str


def peers(told: str) -> list[Peer]:
    """Witnesses as settings name them: `KEY URL` each, separated by commas. Raises `BadNote`."""
    found = []
    for one in filter(None, (part.strip() for part in told.split(","))):
        key, _space, url = one.partition(" ")
        found.append(Peer(VerifierKey.of(key), url.strip().rstrip("/")))
    return found


def ask_all(witnesses: list[Peer], at: datetime) -> int:
    """Ask every witness for every community's newest head that it has not cosigned; how many did."""
    count = 0
    for community in Community.objects.order_by("pk"):
        head = latest_head(community.pk)
        if head is None:
            continue
        signed = set(head.cosignatures.values_list("witness", flat=True))
        for peer in witnesses:
            if peer.key.name not in signed:
                count += ask(peer, head, at)
    return count


def ask(peer: Peer, head: LogHead, at: datetime) -> bool:
    """Ask one witness; whether it cosigned. What goes wrong is logged and asked again with the next head."""
    try:
        line = _cosignature(peer, head)
    except (Refused, NoAnswer, BadNote, ValueError) as error:
        logger.warning("%s did not cosign %s: %s", peer.key.name, head, error)
        return False
    LogCosignature.objects.get_or_create(
        head=head, witness=peer.key.name, defaults={"line": line, "received_at": at}
    )
    return True


def _cosignature(peer: Peer, head: LogHead) -> str:
    """The witness's line, verified. Raises `BadNote`, ValueError, `Refused` and `NoAnswer`."""
    last = LogCosignature.objects.filter(head__community=head.community_id, witness=peer.key.name)
    size = max(last.values_list("head__size", flat=True), default=0)
    answer = _post(peer, head, size)
    if answer.status == CONFLICT:
        # It knows another size than we remember: an answer of it was lost, or it is new.
        answer = _post(peer, head, int(answer.content[:20].strip()))
    if answer.status != GOOD:
        raise BadNote(f"answer {answer.status}")
    text, _signatures = parse(head.note)
    for line in answer.content.decode().splitlines():
        note = f"{text}\n{line}\n"
        found, names = verified(note, [peer.key])
        if names == [peer.key.name] and Head.of(found).size == head.size:
            return line
    raise BadNote("no line of its key")


def _post(peer: Peer, head: LogHead, size: int) -> Answer:
    proof = merkle.consistency_proof(size, head.size, tiles_of(head.community_id))
    way = Outbound.to([peer.url], settings.OUTBOUND_LOCAL)
    return way.ask(f"{peer.url}/add-checkpoint", request_body(size, proof, head.note).encode())
