"""Another key for a community's log; the signer alone can do it, as it keeps the keys."""

from datetime import datetime

from django.db import transaction

from community.models import Community
from market.ledger.guard import Guard
from market.ledger.rotation import Rotation, read_rotation, rotation_leaf
from market.queries.log import last_rotation, latest_head, log_size, origin_of
from market.services.log import append_entry


class NothingSigned(Exception):
    """No head was signed yet: there is no key to replace."""


class AlreadyChanging(Exception):
    """The log names a new key that the signer has not turned to yet."""


def rotate_key(*, community: Community, keeper: Guard, at: datetime) -> Rotation:
    """Log the change to a new key; the next head is signed with it. Raises `NothingSigned` and `AlreadyChanging`.

    A signer that dies before or after the entry is written loses nothing: the new key is on the disk first, and
    it is turned to once the log names it.
    """
    with keeper.alone(), transaction.atomic():
        Community.objects.select_for_update(no_key=True).get(pk=community.pk)
        if latest_head(community.pk) is None:
            raise NothingSigned(community)
        origin = origin_of(community)
        key, before = keeper.key(origin), last_rotation(community.pk, log_size(community.pk))
        if before is not None and before.new != key.verifier:
            raise AlreadyChanging(community)
        return read_rotation(append_entry(community, rotation_leaf(key, keeper.staged(origin), at)).entry)
