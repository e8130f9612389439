"""Whether the books hold: every rule of the ledger, asked of the tables and of the log."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from community.models import Community
from market.ledger import merkle
from market.ledger.anchors import BadAnchor
from market.ledger.anchors import files as anchors
from market.ledger.assertions import NotSigned
from market.ledger.leaves import commitment, home_leaf, link, salt_of, statement_leaf
from market.ledger.merkle import HASH_BYTES, leaf_hash
from market.ledger.notes import BadNote, Head, verified
from market.ledger.tiles import WIDTH, appended, widths
from market.models import LogAnchor, LogHead, LogLeaf, LogTile, MandateConfirmation
from market.queries.book_rules import QUESTIONS, spelled
from market.queries.evidence import Evidence, evidence, mandate_hash, plain_mandate
from market.queries.log import (
    LeafKey,
    key_to,
    keys_of,
    keys_to,
    log_size,
    opening_as_logged,
    previous_of,
    statement_opening,
    tiles_of,
)
from market.queries.mandates import mandate_terms

MOST_NAMED = 5
CHUNK, RECENT_HEADS, RECENT_WORDS = 10 * WIDTH, 5, 100
# Of entries since a head of long ago, as after days without a signer, only so many are recent.
MOST_RECENT = 20 * CHUNK


def faults(community: Community, *, since: datetime | None = None) -> Iterator[str]:
    """Everything that does not hold, in words that name the rule and the rows; with `since` of the entries after
    the newest head of that time only, and of the settlements that they are of.
    """
    recent = since is not None
    size = log_size(community.pk)
    heads = LogHead.objects.filter(community=community).order_by("-size")
    first = 0 if since is None else _recent_from(heads.filter(signed_at__lte=since).first(), size)
    told = LogLeaf.objects.filter(community=community, seq__gte=first, settlement__isnull=False).order_by("seq")
    oldest = told.values_list("settlement_id", flat=True).first()
    with connection.cursor() as cursor:
        for rule, question in QUESTIONS.items():
            cursor.execute(spelled(question), {"community": community.pk, "since": (oldest or 0) if recent else 0})
            rows = [str(row) if seq is None else f"{row} at entry {seq}" for row, seq in cursor.fetchall()]
            if rows:
                more = " …" if len(rows) > MOST_NAMED else ""
                yield f"{rule}: {len(rows)} ({', '.join(rows[:MOST_NAMED])}{more})"
    yield from _word_faults(community, recent=recent)
    yield from _log_faults(community, first)
    heads = heads[:RECENT_HEADS] if recent else heads
    yield from _head_faults(community, heads, size)
    yield from _anchor_faults(heads)


def _recent_from(head: LogHead | None, size: int) -> int:
    """The first entry after a head, or of the newest looked at, where its tile begins; the last one at least."""
    after = max(size - MOST_RECENT, 0 if head is None else head.size)
    return max(min(after, size - 1), 0) // WIDTH * WIDTH


def _word_faults(community: Community, *, recent: bool) -> Iterator[str]:
    """I4 of members' words: each is for what the mandate says, and a passkey's signature holds."""
    given = MandateConfirmation.objects.filter(mandate__household__community=community).order_by("-pk")
    words = given.select_related("mandate").prefetch_related("mandate__hours")
    for word in words[: RECENT_WORDS if recent else None]:
        if word.mandate_hash != mandate_hash(plain_mandate(mandate_terms(word.mandate))):
            yield f"I4 confirmation {word.pk} is not of mandate {word.mandate_id} as it stands"
        if word.method != MandateConfirmation.Method.PASSKEY:
            continue
        try:
            word.assertion.prove(word.mandate_hash)
        except NotSigned as error:
            yield f"I4 the passkey's signature under mandate {word.mandate_id}: {error}"


def _log_faults(community: Community, first: int) -> Iterator[str]:
    """I5 to I7 from entry `first` on: no gap, every leaf as its row, tiles as the leaves have them."""
    stored = {(one.level, one.place): bytes(one.data) for one in LogTile.objects.filter(community=community)}
    wrong: set[tuple[int, int]] = set()
    before: dict[int, bytes] = {}
    keys: dict[int, list[LeafKey]] = {}
    at = first
    for leaves in _chunks(community, first):
        homes = {leaf.household_id for leaf in leaves if leaf.household_id is not None}
        slots = {leaf.settled.settlement.slot for leaf in leaves if leaf.settled is not None}
        behind = evidence(slots, sorted(homes))
        for place, leaf in enumerate(leaves, start=at):
            if leaf.seq != place:
                yield f"I5 the log has a gap before entry {leaf.seq}"
                return
            yield from _leaf_faults(leaf, before, keys, behind)
        hashes = [leaf_hash(leaf.entry) for leaf in leaves]
        now = appended(hashes, at, lambda *tile: stored.get(tile, b""))
        wrong |= {tile for tile, data in now.items() if stored.get(tile, b"")[: len(data)] != data}
        at += len(leaves)
    for level, full, width in widths(at):
        last = (level, full) if width else (level, full - 1)
        if len(stored.get(last, b"")) != (width or WIDTH) * HASH_BYTES:
            wrong.add(last)
    if wrong:
        yield f"I6 tiles that are not those of the entries: {sorted(wrong)[:MOST_NAMED]}"


def _chunks(community: Community, first: int) -> Iterator[list[LogLeaf]]:
    """The log's leaves from `first` on in order, ten full tiles at a time."""
    leaves = LogLeaf.objects.filter(community=community).select_related("settled__settlement__slot", "statement")
    leaves = leaves.prefetch_related("statement__lines")
    while chunk := list(leaves.filter(seq__gte=first).order_by("seq")[:CHUNK]):
        yield chunk
        first = chunk[-1].seq + 1


def _leaf_faults(
    leaf: LogLeaf, before: dict[int, bytes], keys: dict[int, list[LeafKey]], behind: Evidence
) -> Iterator[str]:
    """Whether a home's leaf commits to what its row or statement says now, and names the leaf before it."""
    home, number = leaf.household_id, leaf.number
    if home is None or number is None:
        return
    if home not in keys:
        keys[home] = keys_to(home)
    key = key_to(leaf, keys[home])
    if leaf.settled is not None and leaf.settled.settlement.is_current:
        slot = leaf.settled.settlement.slot
        if behind.beyond(home, slot):
            yield f"I4 entry {leaf.seq} shows an order that home {home}'s mandate did not allow in slot {slot.pk}"
    previous = link(before[home]) if home in before else previous_of(leaf)
    before[home] = leaf.entry
    if key is None:
        return
    salt = salt_of(key, number)
    if leaf.settled is not None:
        opening = opening_as_logged(leaf, leaf.settled, salt, previous, behind)
        if home_leaf(opening["slot"], commitment(salt, opening)) != leaf.entry:
            yield f"I6 entry {leaf.seq} is not what row {leaf.settled.pk} of home {home} says"
    elif leaf.statement is not None:
        opening = statement_opening(leaf.statement, number, previous)
        if statement_leaf(opening["slot"], commitment(salt, opening)) != leaf.entry:
            yield f"I9 entry {leaf.seq} is not what statement {leaf.statement.pk} of home {home} says"


def _head_faults(community: Community, heads: Iterable[LogHead], size: int) -> Iterator[str]:
    """Whether heads that were handed out are signed and begin today's log."""
    tiles = tiles_of(community.pk)
    try:
        keys = keys_of(community.pk)
    except BadNote as error:
        yield f"I5 the log's keys do not follow one another: {error}"
        return
    for head in heads:
        if head.size > size:
            yield f"I8 a head of {head.size} entries was signed, and the log has {size}"
            continue
        try:
            text, _names = verified(head.note, [one.key for one in keys if one.signs(head.size)])
            root = merkle.root(head.size, tiles)
        except ValueError as error:
            yield f"I5 the head of {head.size} entries: {error}"
            continue
        if Head.of(text).root != root or head.root != root.hex():
            yield f"I8 the head of {head.size} entries is not of this log"


def _anchor_faults(heads: QuerySet[LogHead]) -> Iterator[str]:
    """Whether what anchors gave is of the heads that it is kept for."""
    for one in LogAnchor.objects.filter(head__in=heads).select_related("head").order_by("pk").iterator():
        try:
            anchors.check(one.kind, one.head.note.encode(), bytes(one.content))
        except BadAnchor as error:
            yield f"I8 the {one.kind} file of the head of {one.head.size} entries: {error}"
