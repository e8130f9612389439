"""Whether the books hold: every rule of the ledger, asked of the tables and of the log."""

from collections.abc import Iterable, Iterator

from django.db import connection

from community.models import Community
from market.ledger import merkle
from market.ledger.leaves import commitment, home_leaf, link, salt_of
from market.ledger.merkle import HASH_BYTES, leaf_hash
from market.ledger.notes import Head, VerifierKey, verified
from market.ledger.tiles import WIDTH, appended, widths
from market.models import LogHead, LogLeaf, LogTile
from market.queries.evidence import Evidence, evidence
from market.queries.log import LeafKey, key_of, log_size, opening_of, previous_of, slot_name, tiles_of

# What has to be empty, by the number of its rule (docs/ledger.md).
QUESTIONS = {
    "I1 entries out of balance": """
        SELECT e.id FROM market_entry e JOIN market_posting p ON p.entry_id = e.id
        WHERE e.community_id = %(community)s AND coalesce(e.settlement_id, %(since)s) >= %(since)s
        GROUP BY e.id HAVING sum(p.amount_neur) <> 0""",
    "I2 slots with two current settlements": """
        SELECT s.id FROM market_slot s JOIN market_settlement t ON t.slot_id = s.id AND t.is_current
        WHERE s.community_id = %(community)s AND t.id >= %(since)s
        GROUP BY s.id HAVING count(*) > 1""",
    "I3 settlements in which energy sold is not energy bought, or beyond the meter": """
        SELECT t.id FROM market_settlement t JOIN market_slot s ON s.id = t.slot_id
            JOIN market_settledhome h ON h.settlement_id = t.id
        WHERE s.community_id = %(community)s AND t.id >= %(since)s
        GROUP BY t.id HAVING sum(h.bought_wh) <> sum(h.sold_wh)
            OR bool_or(h.bought_wh > h.import_wh OR h.sold_wh > h.export_wh)""",
    "I3 homes worse off than with their retailer": """
        SELECT h.id FROM market_settledhome h JOIN community_household c ON c.id = h.household_id
        WHERE c.community_id = %(community)s AND h.settlement_id >= %(since)s
            AND h.actual_neur > h.baseline_neur""",
    "I4 settlements whose bookings are not those of their homes": """
        SELECT e.id FROM market_entry e JOIN market_posting p ON p.entry_id = e.id
            JOIN market_account a ON a.id = p.account_id AND a.household_id IS NOT NULL
            LEFT JOIN market_settledhome h ON h.settlement_id = e.settlement_id AND h.household_id = a.household_id
        WHERE e.community_id = %(community)s AND e.kind = 'settle' AND e.settlement_id >= %(since)s
            AND p.amount_neur IS DISTINCT FROM h.earned_neur - h.paid_neur - h.shortfall_neur + h.pool_neur""",
    "I6 homes settled since the log began without a leaf": """
        SELECT h.id FROM market_settledhome h JOIN market_settlement t ON t.id = h.settlement_id
            JOIN market_slot s ON s.id = t.slot_id LEFT JOIN market_logleaf l ON l.settled_id = h.id
        WHERE s.community_id = %(community)s AND l.id IS NULL AND t.id >= greatest(%(since)s, (
            SELECT min(x.settlement_id) FROM market_logleaf x WHERE x.community_id = %(community)s))""",
    "I7 homes' leaves with a number missing": """
        SELECT household_id FROM market_logleaf WHERE community_id = %(community)s AND household_id IS NOT NULL
        GROUP BY household_id HAVING max(number) - min(number) + 1 <> count(*) OR min(number) <> 0""",
}
MOST_NAMED = 5
CHUNK, RECENT_HEADS = 10 * WIDTH, 5


def faults(community: Community, *, recent: bool = False) -> Iterator[str]:
    """Everything that does not hold, in words that name the rule and the rows; `recent`: of the newest only."""
    size = log_size(community.pk)
    first = max(size - CHUNK, 0) // WIDTH * WIDTH if recent else 0
    oldest = LogLeaf.objects.filter(community=community, seq=first).values_list("settlement_id", flat=True).first()
    since = (oldest or 0) if recent else 0
    with connection.cursor() as cursor:
        for rule, question in QUESTIONS.items():
            cursor.execute(question, {"community": community.pk, "since": since})
            rows = [str(row[0]) for row in cursor.fetchall()]
            if rows:
                more = " …" if len(rows) > MOST_NAMED else ""
                yield f"{rule}: {len(rows)} ({', '.join(rows[:MOST_NAMED])}{more})"
    yield from _log_faults(community, first)
    heads = LogHead.objects.filter(community=community).order_by("-size")
    yield from _head_faults(community, heads[:RECENT_HEADS] if recent else heads, size)


def _log_faults(community: Community, first: int) -> Iterator[str]:
    """I5 to I7 from entry `first` on: no gap, every leaf as its row, tiles as the leaves have them."""
    stored = {(one.level, one.place): bytes(one.data) for one in LogTile.objects.filter(community=community)}
    wrong: set[tuple[int, int]] = set()
    before: dict[int, bytes] = {}
    keys: dict[int, LeafKey | None] = {}
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
    leaves = LogLeaf.objects.filter(community=community).select_related("settled__settlement__slot")
    while chunk := list(leaves.filter(seq__gte=first).order_by("seq")[:CHUNK]):
        yield chunk
        first = chunk[-1].seq + 1


def _leaf_faults(
    leaf: LogLeaf, before: dict[int, bytes], keys: dict[int, LeafKey | None], behind: Evidence
) -> Iterator[str]:
    """Whether a home's leaf commits to what its row says now, and names the leaf before it."""
    home, settled, number = leaf.household_id, leaf.settled, leaf.number
    if home is None or settled is None or number is None:
        return
    if home not in keys:
        keys[home] = key_of(home)
    key, slot = keys[home], settled.settlement.slot
    previous = link(before[home]) if home in before else previous_of(leaf)
    before[home] = leaf.entry
    if key is None or not key.opens(number):
        return
    stated = behind.stated(home, slot)
    opening = opening_of(settled, slot, settled.settlement.revision, number, previous, stated)
    if home_leaf(slot_name(slot), commitment(salt_of(key.key, number), opening)) != leaf.entry:
        yield f"I6 entry {leaf.seq} is not what row {settled.pk} of home {home} says"


def _head_faults(community: Community, heads: Iterable[LogHead], size: int) -> Iterator[str]:
    """Whether heads that were handed out are signed and begin today's log."""
    tiles = tiles_of(community.pk)
    for head in heads:
        if head.size > size:
            yield f"I8 a head of {head.size} entries was signed, and the log has {size}"
            continue
        try:
            text, _names = verified(head.note, [VerifierKey.of(head.verifier_key)])
            root = merkle.root(head.size, tiles)
        except ValueError as error:
            yield f"I5 the head of {head.size} entries: {error}"
            continue
        if Head.of(text).root != root or head.root != root.hex():
            yield f"I8 the head of {head.size} entries is not of this log"
