"""Another key for a community's log, and a lost memory of its last head: the signer alone keeps both."""

from datetime import datetime

from django.db import transaction

from community.models import Community
from market.ledger import merkle
from market.ledger.guard import Forked, Guard
from market.ledger.notes import Head, verified
from market.ledger.rotation import Rotation, read_rotation, rotation_leaf
from market.queries.log import last_rotation, latest_head, log_size, origin_of, tiles_of
from market.services.log import append_entry, must_have_its_key, must_remember


class NothingSigned(Exception):
    """No head was signed yet: there is no key to replace."""


class AlreadyChanging(Exception):
    """The log names a new key that the signer has not turned to yet."""


def rotate_key(*, community: Community, keeper: Guard, at: datetime) -> Rotation:
    """Log the change to a new key; the next head is signed with it.

    Raises `NothingSigned`, `AlreadyChanging`, and `Forked` for a signer whose directory is not the log's.

    A signer that dies before or after the entry is written loses nothing: the new key is on the disk first, and
    it is turned to once the log names it.
    """
    with keeper.alone(), transaction.atomic():
        Community.objects.select_for_update(no_key=True).get(pk=community.pk)
        if latest_head(community.pk) is None:
            raise NothingSigned(community)
        must_remember(community, keeper)
        origin = origin_of(community)
        key, before = keeper.key(origin), last_rotation(community.pk, log_size(community.pk))
        if before is not None and before.new != key.verifier:
            raise AlreadyChanging(community)
        return read_rotation(append_entry(community, rotation_leaf(key, keeper.staged(origin), at)).entry)


def remember_head(*, community: Community, keeper: Guard, note: str) -> Head:
    """Give a signer that lost its last head, or was set back, the newest one, as somebody kept it.

    Raises `BadNote` for a note that the signer's key did not sign, and `Forked` if it is not the newest head, is
    not of today's log, or if the signer lost nothing.
    """
    with keeper.alone(), transaction.atomic():
        must_have_its_key(community, keeper)
        origin, size = origin_of(community), log_size(community.pk)
        text, _names = verified(note, [keeper.key(origin).verifier])
        head, tiles = Head.of(text), tiles_of(community.pk)
        newest, before = latest_head(community.pk, origin), keeper.last(origin)
        if before is not None and (newest is None or before.size >= newest.size):
            raise Forked(f"{origin}: the signer remembers a head of {before.size} entries: nothing is lost.")
        if newest is not None and head.size < newest.size:
            raise Forked(f"{origin}: this head has {head.size} entries, the newest that was signed {newest.size}.")
        if head.size > size or merkle.root(head.size, tiles) != head.root:
            raise Forked(f"{origin}: the log does not begin with the {head.size} entries of this head.")
        if before is not None and merkle.root(before.size, tiles) != before.root:
            raise Forked(f"{origin}: the log does not begin with the {before.size} entries that were signed.")
        keeper.keep(head)
        return head
