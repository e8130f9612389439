"""What an administrator decides about a home."""

from django.db import transaction

from community.models import Household, Member
from community.services.administrators import only_admins


@transaction.atomic
def set_priority(*, by: Member, household_id: int, priority: int) -> Household:
    """Give a home of the administrator's community its social priority, 0 (none) to 9 (highest).

    It weighs wherever the street's rules go by need, from the next clearing and settlement on. Raises
    `NotAdministrator`, and `Household.DoesNotExist` for a home of another community.
    """
    only_admins(by)
    home = Household.objects.select_for_update(no_key=True).get(pk=household_id, community=by.community_id)
    home.priority = priority
    home.save(update_fields=["priority"])
    return home
