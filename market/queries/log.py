"""Reading a community's log: its size, tiles, heads, and what a home's leaf opens to."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Max
from psycopg import Cursor

from community.models import Community, Household
from config.sealing import unseal
from market.ledger.leaves import VERSION, link
from market.ledger.tiles import TileReader, tiles_of_proof
from market.models import HomeKey, LogHead, LogLeaf, LogTile, SettledHome, Slot

# What an opening says of a settled slot: Wh and n€.
FIGURES = (
    "import_wh", "export_wh", "bought_wh", "sold_wh", "paid_neur", "earned_neur", "shortfall_neur", "pool_neur",
    "baseline_neur", "actual_neur", "import_ueur_kwh", "feed_in_ueur_kwh", "price_ueur_kwh",
)  # fmt: skip


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


def latest_head(community_id: int) -> LogHead | None:
    """The newest signed head."""
    return LogHead.objects.filter(community=community_id).order_by("-size").first()


def log_head_at(community: Community, at: datetime) -> str:
    """The text of the newest head that was signed by then: origin, size and root; empty without one."""
    head = LogHead.objects.filter(community=community, signed_at__lte=at).order_by("-size").first()
    return "" if head is None else head.note.partition("\n\n")[0]


def slot_name(slot: Slot) -> str:
    """A slot as leaves name it: its start in UTC."""
    return f"{slot.start:%Y-%m-%dT%H:%MZ}"


def opening_of(
    row: SettledHome, slot: Slot, revision: int, number: int, previous: str, stated: Mapping[str, Any]
) -> dict[str, Any]:
    """What a home's leaf commits to: its figures of a slot, its orders and mandate, and the leaf before it."""
    figures = {name: getattr(row, name) for name in FIGURES}
    return {
        "home": row.household_id, "n": number, "prev": previous, "quality": row.quality, "revision": revision,
        "slot": slot_name(slot), "v": VERSION, **stated, **figures,
    }  # fmt: skip


class LeafKey(NamedTuple):
    """What opens a home's leaves from a number on; those before were made with a key that was destroyed."""

    key: bytes
    since_number: int

    def opens(self, number: int) -> bool:
        """Whether a leaf was made with this key."""
        return number >= self.since_number


def key_of(household_id: int) -> LeafKey | None:
    """The key that a home's leaves are made with now; None where there is none (any more)."""
    row = HomeKey.objects.filter(household=household_id).exclude(sealed_key="").first()
    return None if row is None else LeafKey(bytes.fromhex(unseal(row.sealed_key)), row.since_number)


def last_leaves(homes: Sequence[int]) -> Mapping[int, LogLeaf]:
    """The newest leaf of each home."""
    rows = LogLeaf.objects.filter(household__in=homes).order_by("household", "-number").distinct("household")
    return {leaf.household_id: leaf for leaf in rows if leaf.household_id is not None}


def previous_of(leaf: LogLeaf) -> str:
    """How a home's leaf names the one before it."""
    before = LogLeaf.objects.filter(household=leaf.household_id, number=(leaf.number or 0) - 1).first()
    return link(before.entry if before is not None else None)


def leaf_of(household: Household, slot: Slot) -> LogLeaf | None:
    """The leaf of a home's slot as it is settled now."""
    leaves = LogLeaf.objects.filter(settled__household=household, settled__settlement__slot=slot)
    return leaves.select_related("settled__settlement__slot").order_by("-seq").first()
