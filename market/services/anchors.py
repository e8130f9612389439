"""Anchoring heads outside, one an hour, as the operator set it up; settlement never waits for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from community.models import Community
from config.outbound import Outbound
from market.ledger.anchors import Anchor
from market.ledger.anchors.iota import Iota
from market.ledger.anchors.opentimestamps import OpenTimestamps
from market.ledger.anchors.rfc3161 import TimeStampAuthority
from market.models import LogAnchor, LogHead, OutboxMessage
from market.queries.log import latest_head
from market.services import outbox

EVERY = timedelta(hours=1)
# How long to wait before asking again: a block with the calendars' root in it takes hours.
ASK_AGAIN = timedelta(minutes=30)
# Who has nothing to say for so long has forgotten.
GIVE_UP = timedelta(days=7)
# For all that one message asks outside: the database ends a transaction in which nothing is done for 30 s.
ASKING_S = 15.0
# Names what is held while an anchor is asked: an account must not pay with the same coin twice.
LOCK_SPACE = 0x616E6368


class TooLate(Exception):
    """What was promised has not come for a week."""


def configured() -> list[Anchor]:
    """The anchors that the operator turned on. Raises OSError and ValueError for settings that are wrong."""
    told, found = settings.ANCHORS, list[Anchor]()
    if told.tsa_url:
        found.append(TimeStampAuthority.of(told.tsa_url, Path(told.tsa_roots).read_bytes()))
    calendars = tuple(one.strip().rstrip("/") for one in told.calendars.split(",") if one.strip())
    if calendars:
        found.append(OpenTimestamps(calendars))
    if told.iota_url:
        found.append(Iota.of(told.iota_url, told.iota_seed))
    return found


def ask_for_anchors(anchors: Sequence[Anchor], at: datetime) -> int:
    """Note for every community and anchor that the newest head is to be handed in, once an hour; how many."""
    if not anchors:
        return 0
    heads = [head for one in Community.objects.order_by("pk") if (head := latest_head(one.pk)) is not None]
    return sum(_ask_for(anchor.kind, head, at) for head in heads for anchor in anchors)


def _ask_for(kind: str, head: LogHead, at: datetime) -> bool:
    own = f"{kind}/{head.community_id}/"
    if OutboxMessage.objects.filter(key__startswith=own, made_at__gt=at - EVERY).exists():
        return False
    return outbox.put(topic=kind, key=f"{own}{head.size}", payload={"head": head.pk}, at=at)


def handlers(anchors: Sequence[Anchor]) -> dict[str, outbox.Handler]:
    """What to do with the outbox's messages, by their topics."""
    return {one.kind: partial(_hand_in, one) for one in anchors}


def _hand_in(anchor: Anchor, told: Mapping[str, Any], at: datetime) -> timedelta | None:
    """Hand a head in, or ask again for what was promised. Raises what went wrong; nothing is kept then."""
    if not _alone(anchor.kind):
        return timedelta(minutes=1)
    head = LogHead.objects.get(pk=told["head"])
    way, note = Outbound.to(anchor.urls, settings.OUTBOUND_LOCAL).within(ASKING_S), head.note.encode()
    kept = LogAnchor.objects.filter(head=head, kind=anchor.kind).first()
    if kept is None:
        kept = LogAnchor(head=head, kind=anchor.kind, asked_at=at)
        evidence = anchor.submit(note, way.ask)
    elif kept.complete_at is not None:
        return None
    else:
        evidence = anchor.poll(note, bytes(kept.content), way.ask)
    kept.content, kept.place, kept.said_at = evidence.content, evidence.place, evidence.said_at
    kept.complete_at = at if evidence.complete else None
    kept.save()
    if evidence.complete:
        return None
    if at - kept.asked_at > GIVE_UP:
        raise TooLate(f"Nothing came of what was handed in on {kept.asked_at:%Y-%m-%d}.")
    return ASK_AGAIN


def _alone(kind: str) -> bool:
    """Whether nobody else asks this anchor now; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LOCK_SPACE, kind])
        row = cursor.fetchone()
    return bool(row and row[0])
