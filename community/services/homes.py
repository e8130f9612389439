"""What an administrator decides about a home."""

from django.db import transaction

from community.models import Household, Member


class NotAdministrator(PermissionError):
    """Only an administrator decides about the homes of the community."""


@transaction.atomic
def set_priority(*, by: Member, household_id: int, priority: int) -> Household:
    """Give a home of the administrator's community its social priority, 0 (none) to 9 (highest).

    It weighs wherever the street's rules go by need, from the next clearing and settlement on. Raises
    `NotAdministrator`, and `Household.DoesNotExist` for a home of another community.
    """
    if by.role != Member.Role.ADMIN or by.left_at is not None:
        raise NotAdministrator(by.pk)
    home = Household.objects.select_for_update(no_key=True).get(pk=household_id, community=by.community_id)
    home.priority = priority
    home.save(update_fields=["priority"])
    return home
