"""Reading a community's log: its size, tiles, heads, and what a home's leaf opens to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import F, Max, Q
from psycopg import Cursor

from community.models import Community, Household
from config.sealing import unseal
from market.ledger.identity import LogKey
from market.ledger.leaves import VERSION, commitment, home_leaf, link
from market.ledger.notes import BadNote, VerifierKey
from market.ledger.rotation import Rotation, read_rotation
from market.ledger.tiles import TileReader, tiles_of_proof
from market.models import HomeKey, LogHead, LogLeaf, LogTile, SettledHome, Slot, Statement
from market.queries.evidence import Evidence, slot_name

# What an opening says of a settled slot: Wh and n€.
FIGURES = (
    "import_wh", "export_wh", "bought_wh", "sold_wh", "paid_neur", "earned_neur", "shortfall_neur", "pool_neur",
    "baseline_neur", "actual_neur", "import_ueur_kwh", "feed_in_ueur_kwh", "price_ueur_kwh",
)  # fmt: skip
# A home that never trades is not looked through back to its first day.
TRADED_LATELY = timedelta(days=92)
_figures_of = attrgetter(*FIGURES)


def origin_of(community: Community) -> str:
    """The log's name in the world."""
    return f"{settings.LEDGER_HOST}/log/{community.slug}/1"


def log_size(community_id: int) -> int:
    """How many entries the log has."""
    last = LogLeaf.objects.filter(community=community_id).aggregate(last=Max("seq"))["last"]
    return 0 if last is None else last + 1


def tiles_of(community_id: int) -> TileReader:
    """The log's subtrees, read from its tiles as they are asked for."""
    return TileReader(tile_of(community_id))


def tile_of(community_id: int) -> Callable[[int, int], bytes]:
    """What a tile holds so far, by its level and place; nothing where there is none."""

    def read(level: int, place: int) -> bytes:
        rows = LogTile.objects.filter(community=community_id, level=level, place=place)
        return bytes(rows.values_list("data", flat=True).first() or b"")

    return read


TILES = """
SELECT t.level, t.place, t.data FROM unnest(%s::int[], %s::bigint[]) AS wanted (level, place)
    JOIN market_logtile t ON t.community_id = %s AND t.level = wanted.level AND t.place = wanted.place
"""


def tiles_of_entry(community_id: int, index: int, size: int) -> TileReader:
    """The tiles that prove an entry to be among the first `size`, read at once."""
    levels, places = zip(*sorted(tiles_of_proof(index, size)), strict=True)
    connection.ensure_connection()
    # As bytes: a tile in hex has to be read twice.
    with Cursor(connection.connection) as cursor:
        cursor.execute(TILES, [list(levels), list(places), community_id], binary=True)
        known = {(level, place): data for level, place, data in cursor.fetchall()}
    return TileReader(tile_of(community_id), known)


def latest_head(community_id: int, origin: str = "") -> LogHead | None:
    """The newest signed head; with `origin`, of the log of that name only."""
    heads = LogHead.objects.filter(community=community_id, verifier_key__startswith=f"{origin}+" if origin else "")
    return heads.order_by("-size").first()


def rotations(community_id: int, size: int | None = None) -> list[tuple[int, Rotation]]:
    """Changes of the log's key, with their places, among the first `size` entries. Raises `BadNote`."""
    leaves = LogLeaf.objects.filter(community=community_id, settlement=None, household=None).order_by("seq")
    if size is not None:
        leaves = leaves.filter(seq__lt=size)
    return [(leaf.seq, read_rotation(leaf.entry)) for leaf in leaves]


def last_rotation(community_id: int, size: int) -> Rotation | None:
    """The newest change of the log's key among the first `size` entries. Raises `BadNote` for a false one."""
    found = rotations(community_id, size)
    return found[-1][1] if found else None


def keys_of(community_id: int, size: int | None = None) -> list[LogKey]:
    """The log's keys among the first `size` entries in their order, the one that signs now last.

    Raises `BadNote` if they do not follow one another.
    """
    first = LogHead.objects.filter(community=community_id).order_by("size").first()
    if first is None:
        return []
    keys = [LogKey(VerifierKey.of(first.verifier_key), 0, first.signed_at)]
    for seq, change in rotations(community_id, size):
        if change.old != keys[-1].key:
            raise BadNote(f"Entry {seq} replaces a key that was not the log's.")
        keys[-1] = replace(keys[-1], until_size=seq, until=change.at)
        keys.append(LogKey(change.new, seq, change.at))
    return keys


def log_head_at(community: Community, at: datetime) -> str:
    """The text of the newest head that was signed by then: origin, size and root; empty without one."""
    head = LogHead.objects.filter(community=community, signed_at__lte=at).order_by("-size").first()
    return "" if head is None else head.note.partition("\n\n")[0]


def opening_of(
    row: SettledHome, slot: Slot, revision: int, number: int, previous: str, stated: Mapping[str, Any]
) -> dict[str, Any]:
    """What a home's leaf commits to: its figures of a slot, its orders and mandate, and the leaf before it."""
    figures = dict(zip(FIGURES, _figures_of(row), strict=True))
    return {
        "home": row.household_id, "n": number, "prev": previous, "quality": row.quality, "revision": revision,
        "slot": slot_name(slot), "v": VERSION, **stated, **figures,
    }  # fmt: skip


def opening_as_logged(
    leaf: LogLeaf, row: SettledHome, salt: bytes, previous: str, behind: Evidence
) -> dict[str, Any]:
    """What a settled home's leaf commits to: with the clock, or as entries from before clocks were."""
    slot = row.settlement.slot
    stated = behind.stated(row.household_id, slot)
    opening = opening_of(row, slot, row.settlement.revision, leaf.number or 0, previous, stated)
    bare = {name: value for name, value in opening.items() if name != "clock"}
    if len(bare) < len(opening) and home_leaf(slot_name(slot), commitment(salt, bare)) == leaf.entry:
        return bare
    return opening


def statement_opening(statement: Statement, number: int, previous: str) -> dict[str, Any]:
    """What a statement's leaf commits to: every line of it in Wh, n€ and cents, and the home's leaf before it."""
    lines: dict[str, int] = {}
    for line in statement.lines.all():
        lines[f"{line.kind}_wh"] = line.energy_wh
        lines[f"{line.kind}_neur"] = line.amount_neur
        lines[f"{line.kind}_cents"] = line.amount_cents
    return {
        "home": statement.household_id, "n": number, "prev": previous, "slot": f"{statement.month:%Y-%m}",
        "v": VERSION, "t": "statement", "version": statement.version, "slots": statement.slots,
        "provisional_slots": statement.provisional_slots, "legal_mode": statement.legal_mode,
        "rent_rule": statement.rent_rule, "issued": f"{statement.issued_at:%Y-%m-%dT%H:%M:%SZ}",
        "mandate": "", "orders": [], **lines,
    }  # fmt: skip


class LeafKey(NamedTuple):
    """What opens a home's leaves about a time from `since` on, from a number on; nothing once it was destroyed."""

    key: bytes | None
    since: datetime | None
    since_number: int


def keys_to(household_id: int) -> list[LeafKey]:
    """The keys of a home, the newest first."""
    rows = HomeKey.objects.filter(household=household_id).order_by(F("since").desc(nulls_last=True))
    return [
        LeafKey(bytes.fromhex(unseal(row.sealed_key)) if row.sealed_key else None, row.since, row.since_number)
        for row in rows
    ]


def key_to(leaf: LogLeaf, keys: Sequence[LeafKey]) -> bytes | None:
    """Which of a home's keys, the newest first, opens a leaf; None if none does (any more)."""
    number, about = leaf.number, time_of(leaf)
    if number is None or about is None:
        return None
    for one in keys:
        if (one.since is None or one.since <= about) and one.since_number <= number:
            return one.key
    return None


def time_of(leaf: LogLeaf) -> datetime | None:
    """What time a home's leaf is about; None where its row is gone."""
    if leaf.statement is not None:
        return begin_of(leaf.statement)
    return None if leaf.settled is None else leaf.settled.start


def begin_of(statement: Statement) -> datetime:
    """What time a statement's leaf counts for: whoever looked after the home as its month began."""
    return datetime.combine(statement.month, time.min, UTC)


def last_leaves(homes: Sequence[int]) -> Mapping[int, LogLeaf]:
    """The newest leaf of each home."""
    rows = LogLeaf.objects.filter(household__in=homes).order_by("household", "-number").distinct("household")
    return {leaf.household_id: leaf for leaf in rows if leaf.household_id is not None}


def previous_of(leaf: LogLeaf) -> str:
    """How a home's leaf names the one before it."""
    before = LogLeaf.objects.filter(household=leaf.household_id, number=(leaf.number or 0) - 1).first()
    return link(before.entry if before is not None else None)


def newest_own_leaves(household: Household, count: int) -> list[LogLeaf]:
    """The newest leaves of a home's slots as they are settled now, none from before the present member."""
    own = {"settled__start__gte": household.records_from} if household.records_from else {}
    leaves = LogLeaf.objects.filter(household=household, settled__is_current=True, **own)
    return list(leaves.select_related("settled__settlement__slot").order_by("-number")[:count])


def newest_traded_leaves(household: Household, count: int) -> list[LogLeaf]:
    """The same of slots in which the home traded with neighbours, of the last months that it has."""
    own = SettledHome.objects.filter(household=household, is_current=True).order_by("-start")
    newest = own.values_list("start", flat=True).first()
    if newest is None:
        return []
    lately = own.filter(start__gte=household.own_from(newest - TRADED_LATELY))
    traded = lately.filter(Q(bought_wh__gt=0) | Q(sold_wh__gt=0)).values_list("pk", flat=True)
    leaves = LogLeaf.objects.filter(settled__in=list(traded[:count]))
    return list(leaves.select_related("settled__settlement__slot").order_by("-settled__start"))


def leaf_of(household: Household, slot: Slot) -> LogLeaf | None:
    """The leaf of a home's slot as it is settled now."""
    leaves = LogLeaf.objects.filter(settled__household=household, settled__settlement__slot=slot)
    return leaves.select_related("settled__settlement__slot").order_by("-seq").first()
