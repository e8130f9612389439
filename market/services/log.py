"""Writing a community's log: a leaf for every home of every settled slot, one for the slot, and tiles over them.

It is written in the transaction that books the settlement, under the community's lock, so that neither is without
the other. Heads are signed afterwards by a process of its own (`sign_heads`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from community.anonymity import hides
from community.copying import copy_into
from community.models import Community
from market.ledger import guard, merkle
from market.ledger.leaves import (
    commitment,
    hash_of_inputs,
    home_leaf,
    link,
    salt_of,
    shuffled,
    slot_leaf,
    statement_leaf,
)
from market.ledger.merkle import leaf_hash
from market.ledger.notes import BadNote, Head
from market.ledger.tiles import appended
from market.models import LogAlarm, LogHead, LogLeaf, LogTile, SettledHome, Settlement, Slot, Statement
from market.queries.evidence import Evidence, evidence, slot_name
from market.queries.log import (
    begin_of,
    last_leaves,
    last_rotation,
    latest_head,
    log_size,
    opening_of,
    origin_of,
    statement_opening,
    tile_of,
    tiles_of,
)
from market.services.home_keys import HomeKeys
from market.settlement import Settled, SlotCase

COLUMNS = ("community_id", "seq", "body", "settlement_id", "household_id", "number", "settled_id")


class Logged(NamedTuple):
    """A settlement that was just recorded, with what decided it and its rows."""

    settlement: Settlement
    slot: Slot
    case: SlotCase
    result: Settled
    homes: Sequence[SettledHome]


class Leaf(NamedTuple):
    """An entry of the log; of a home's also whose it is, its number there and the row that it commits to."""

    entry: bytes
    home: int | None = None
    number: int | None = None
    settled: int | None = None


def append(community: Community, news: Sequence[Logged]) -> None:
    """Add settlements to the log; call it in their transaction and under the community's lock."""
    homes = sorted({row.household_id for one in news for row in one.homes})
    chain = {home: (leaf.number or 0, leaf.entry) for home, leaf in last_leaves(homes).items()}
    keys = HomeKeys(homes)
    first = log_size(community.pk)
    behind = evidence([one.slot for one in news], homes)
    leaves: list[tuple[Logged, Leaf]] = []
    for one in news:
        own = [_home_leaf(one, row, keys, chain, behind) for row in one.homes]
        own = [own[i] for i in shuffled([leaf.entry for leaf in own])]
        own.append(_slot_leaf(one, first + len(leaves), len(own)))
        leaves += ((one, leaf) for leaf in own)
    copy_into(
        LogLeaf,
        COLUMNS,
        (
            (community.pk, seq, leaf.entry.decode(), one.settlement.pk, leaf.home, leaf.number, leaf.settled)
            for seq, (one, leaf) in enumerate(leaves, start=first)
        ),
    )
    _tile(community, [leaf_hash(leaf.entry) for _one, leaf in leaves], first)


def append_entry(community: Community, entry: bytes) -> LogLeaf:
    """Add an entry that is about no settlement; call it in a transaction and under the community's lock."""
    size = log_size(community.pk)
    leaf = LogLeaf.objects.create(community=community, seq=size, body=entry.decode())
    _tile(community, [leaf_hash(entry)], size)
    return leaf


def append_statements(community: Community, statements: Sequence[Statement]) -> None:
    """Add statements that were just written, with their lines; call it as `append`."""
    homes = sorted({one.household_id for one in statements})
    last = last_leaves(homes)
    numbers = {home: (leaf.number or 0) + 1 for home, leaf in last.items()}
    keys, first = HomeKeys(homes), log_size(community.pk)
    leaves = []
    for one in statements:
        home, number = one.household_id, numbers.get(one.household_id, 0)
        previous = link(last[home].entry if home in last else None)
        opening = statement_opening(one, number, previous)
        salt = salt_of(keys.making(home, begin_of(one), number), number)
        entry = statement_leaf(opening["slot"], commitment(salt, opening))
        leaves.append(
            LogLeaf(community=community, body=entry.decode(), household_id=home, number=number, statement=one)
        )
    leaves = [leaves[i] for i in shuffled([leaf.entry for leaf in leaves])]
    for seq, leaf in enumerate(leaves, start=first):
        leaf.seq = seq
    LogLeaf.objects.bulk_create(leaves)
    _tile(community, [leaf_hash(leaf.entry) for leaf in leaves], first)


def _home_leaf(
    one: Logged,
    row: SettledHome,
    keys: HomeKeys,
    chain: dict[int, tuple[int, bytes]],
    behind: Evidence,
) -> Leaf:
    stated = behind.stated(row.household_id, one.slot)
    last, before = chain.get(row.household_id, (-1, None))
    number = last + 1
    opening = opening_of(row, one.slot, one.settlement.revision, number, link(before), stated)
    salt = salt_of(keys.making(row.household_id, row.start, number), number)
    entry = home_leaf(slot_name(one.slot), commitment(salt, opening))
    chain[row.household_id] = number, entry
    return Leaf(entry, row.household_id, number, row.pk)


def _slot_leaf(one: Logged, first: int, count: int) -> Leaf:
    facts = {
        "first": first,
        "n": count,
        "price": one.slot.price_ueur_kwh,
        "revision": one.settlement.revision,
        "sum_neur": sum(posting.amount_neur for posting in one.result.postings),
        "sum_wh": _told_wh(one.result),
    }
    return Leaf(slot_leaf(slot_name(one.slot), facts, hash_of_inputs(one.case)))


def _told_wh(result: Settled) -> int | None:
    """What changed hands, if enough homes sold it and enough bought it: members read the entry."""
    sides = (sum(line.sold_wh > 0 for line in result.lines), sum(line.bought_wh > 0 for line in result.lines))
    return sum(line.sold_wh for line in result.lines) if all(map(hides, sides)) else None


def _tile(community: Community, hashes: Sequence[bytes], size: int) -> None:
    LogTile.objects.bulk_create(
        [
            LogTile(community=community, level=level, place=place, data=data)
            for (level, place), data in appended(hashes, size, tile_of(community.pk)).items()
        ],
        update_conflicts=True,
        unique_fields=["community", "level", "place"],
        update_fields=["data"],
    )


def must_remember(community: Community, keeper: guard.Guard) -> None:
    """Raise `Forked` where the log has a signed head that the signer's own directory knows nothing of.

    A directory that was lost or set back cannot tell whether the log grew: only an operator may say (`remember`).
    """
    must_have_its_key(community, keeper)
    origin = origin_of(community)
    newest, before = latest_head(community.pk, origin), keeper.last(origin)
    if newest is not None and (before is None or before.size < newest.size):
        raise guard.Forked(
            f"{origin}: a head of {newest.size} entries was signed, and the signer remembers "
            f"{'none' if before is None else f'one of {before.size}'} (remember_head)."
        )


def must_have_its_key(community: Community, keeper: guard.Guard) -> None:
    """Raise `Forked` where the newest head was signed with another key than the signer's own."""
    origin = origin_of(community)
    newest = latest_head(community.pk, origin)
    if newest is None:
        return
    change = last_rotation(community.pk, log_size(community.pk))
    known = {newest.verifier_key, "" if change is None else str(change.new)}
    if not keeper.has_key(origin) or str(keeper.key(origin).verifier) not in known:
        raise guard.Forked(f"{origin}: the head of {newest.size} entries was not signed with the signer's key.")


def sign_head(*, community: Community, keeper: guard.Guard, at: datetime) -> LogHead | None:
    """Sign the log as it is committed; None if nothing was added or the signer refused, which raises an alarm.

    Signers that share a directory take turns, each until its head is committed.
    """
    with keeper.alone(), transaction.atomic():
        return _sign_head(community, keeper, at)


def _sign_head(community: Community, keeper: guard.Guard, at: datetime) -> LogHead | None:
    size, newest = log_size(community.pk), latest_head(community.pk)
    if not size or (newest is not None and newest.size == size):
        return None
    origin, tiles = origin_of(community), tiles_of(community.pk)
    before = keeper.last(origin)
    head = Head(origin, size, merkle.root(size, tiles))
    try:
        must_remember(community, keeper)
        change = last_rotation(community.pk, size)
        if change is not None:
            keeper.turn_to(origin, change)
        grown = before is not None and before.size <= size
        proof = merkle.consistency_proof(before.size, size, tiles) if grown and before is not None else []
        note = keeper.sign(head, proof)
    except (guard.Forked, BadNote) as error:
        LogAlarm.objects.get_or_create(
            community=community, size=size, defaults={"reason": str(error)[:300], "raised_at": at}
        )
        return None
    return LogHead.objects.create(
        community=community,
        size=size,
        root=head.root.hex(),
        note=note,
        verifier_key=str(keeper.key(origin).verifier),
        signed_at=at,
    )
