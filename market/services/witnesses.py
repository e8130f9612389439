"""Asking the operator's witnesses to cosign heads; settlement never waits for them."""

import logging
from datetime import datetime
from typing import NamedTuple

import httpx

from community.models import Community
from market.ledger import merkle
from market.ledger.notes import BadNote, Head, VerifierKey, parse, verified
from market.ledger.witness import MOST_BYTES, request_body
from market.models import LogCosignature, LogHead
from market.queries.log import latest_head, tiles_of

logger = logging.getLogger(__name__)
PATIENCE_S = 5.0
CONFLICT = 409


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
    except (httpx.HTTPError, BadNote, ValueError) as error:
        logger.warning("%s did not cosign %s: %s", peer.key.name, head, error)
        return False
    LogCosignature.objects.get_or_create(
        head=head, witness=peer.key.name, defaults={"line": line, "received_at": at}
    )
    return True


def _cosignature(peer: Peer, head: LogHead) -> str:
    """The witness's line, verified. Raises `BadNote`, ValueError and httpx errors."""
    last = LogCosignature.objects.filter(head__community=head.community_id, witness=peer.key.name)
    size = max(last.values_list("head__size", flat=True), default=0)
    with httpx.Client(timeout=PATIENCE_S, follow_redirects=False) as client:
        answer = _post(client, peer, head, size)
        if answer.status_code == CONFLICT:
            # It knows another size than we remember: an answer of it was lost, or it is new.
            answer = _post(client, peer, head, int(answer.text[:20].strip()))
    if answer.status_code != httpx.codes.OK or len(answer.content) > MOST_BYTES:
        raise BadNote(f"answer {answer.status_code}")
    text, _signatures = parse(head.note)
    for line in answer.text.splitlines():
        note = f"{text}\n{line}\n"
        found, names = verified(note, [peer.key])
        if names == [peer.key.name] and Head.of(found).size == head.size:
            return line
    raise BadNote("no line of its key")


def _post(client: httpx.Client, peer: Peer, head: LogHead, size: int) -> httpx.Response:
    proof = merkle.consistency_proof(size, head.size, tiles_of(head.community_id))
    return client.post(f"{peer.url}/add-checkpoint", content=request_body(size, proof, head.note))
