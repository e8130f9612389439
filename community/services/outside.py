"""What a community shows to those who are not in it."""

from datetime import datetime

from django.db import transaction

from community.models import Community, Member, What
from community.roles import Can, only_those_who
from community.services.audit import record


@transaction.atomic
def show_outside(*, by: Member, join_open: bool, figures_public: bool, at: datetime) -> Community:
    """Open or close the page to ask on and the page of figures. Raises `NotAllowed`."""
    only_those_who(Can.SET_RULES, by)
    community = Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    if (community.join_open, community.figures_public) != (join_open, figures_public):
        community.join_open, community.figures_public = join_open, figures_public
        community.save(update_fields=["join_open", "figures_public"])
        said = f"join {'on' if join_open else 'off'}, figures {'on' if figures_public else 'off'}"
        record(What.OUTSIDE_CHANGED, community=community, at=at, by=by, reason=said)
    return community
