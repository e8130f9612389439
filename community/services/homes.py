"""What an administrator decides about a home."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from community.models import Household, Member, What
from community.roles import Can, only_those_who
from community.services.audit import record


@transaction.atomic
def set_priority(*, by: Member, household_id: int, priority: int, at: datetime) -> Household:
    """Give a home of the administrator's community its social priority, 0 (none) to 9 (highest).

    It weighs wherever the street's rules go by need, from the next clearing and settlement on. Raises
    `NotAllowed`, and `Household.DoesNotExist` for a home of another community.
    """
    only_those_who(Can.INVITE, by)
    home = Household.objects.select_for_update(no_key=True).get(pk=household_id, community=by.community_id)
    said = f"{home.priority} → {priority}"
    home.priority = priority
    home.save(update_fields=["priority"])
    record(What.PRIORITY_CHANGED, community=by.community, at=at, by=by, household=home, reason=said)
    return home


class HomeChangedHands(LookupError):
    """Somebody else looks after the home, or nobody, than when it was read."""


def lock_as_seen(household: Household) -> None:
    """Lock a home until the transaction ends, if it is still its member's who it was when it was read.

    Whoever was shown the door while a form of theirs was on its way changes nothing any more. Raises
    `HomeChangedHands`.
    """
    found = Household.objects.select_for_update(no_key=True).get(pk=household.pk)
    if found.member_id != household.member_id:
        raise HomeChangedHands(household.pk)


def lock_all_as_seen(households: Iterable[Household]) -> None:
    """As `lock_as_seen`, several homes in the order in which all lock them. Raises `HomeChangedHands`."""
    for _pk, household in sorted({home.pk: home for home in households}.items()):
        lock_as_seen(household)
