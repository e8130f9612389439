"""Asking once more, under a lock, whether somebody may still do what a page was opened to them for."""

from community.models import Community, Member
from community.roles import Can, only_those_who


def hold(can: Can, by: Member) -> Community:
    """Lock the community of somebody who may do this: nobody takes it from them until the transaction ends.

    For what can be used long after. Raises `NotAllowed`.
    """
    community = Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    by.refresh_from_db(fields=["role", "left_at"])
    only_those_who(can, by)
    return community
