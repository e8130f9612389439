"""What can be tried on the past: slots that were cleared, and days that a home's agent lived."""

from datetime import date, datetime, timedelta

from community.models import Household
from community.tariffs import local_day
from market.models import Order, Slot


def sides_of(household: Household, slot: Slot) -> frozenset[str]:
    """On which sides of a cleared slot the home had orders; none can be tried on a slot that fell back."""
    if slot.status != Slot.Status.CLEARED:
        return frozenset()
    own = Order.objects.filter(slot=slot, household=household)
    return frozenset(own.order_by().values_list("side", flat=True).distinct())


def day_of(household: Household, day: date) -> list[Slot]:
    """The slots of a local day in which the street's agents decided and that are over, whether or not this home
    had orders in them: other rules may have given it some.
    """
    community = household.community
    first, end = local_day(day, community.zone)
    over = Slot.objects.filter(community=community, cleared_at__isnull=False, ordered_at__isnull=False)
    return list(over.filter(start__gte=household.own_from(first), start__lt=end).order_by("start"))


def yesterday_of(household: Household, at: datetime) -> list[Slot]:
    """`day_of` the local day before this one."""
    return day_of(household, at.astimezone(household.community.zone).date() - timedelta(days=1))
