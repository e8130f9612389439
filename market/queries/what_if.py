"""What can be tried on the past: slots that were cleared, and what other rules would have said in them."""

from datetime import date

from community.models import Household
from community.tariff_book import TariffBook
from community.tariffs import is_off_peak_day, local_day
from market.agents import Mandate as MandateTerms
from market.agents import terms_at
from market.agents.hours import local_times
from market.clearing.what_if import NEVER_BUY_UEUR_KWH, NEVER_SELL_UEUR_KWH, Limits
from market.models import Order, Slot


def sides_of(household: Household, slot: Slot) -> frozenset[str]:
    """On which sides of a cleared slot the home had orders; none can be tried on a slot that fell back."""
    if slot.status != Slot.Status.CLEARED:
        return frozenset()
    own = Order.objects.filter(slot=slot, household=household)
    return frozenset(own.order_by().values_list("side", flat=True).distinct())


def day_with(household: Household, day: date, terms: MandateTerms) -> list[tuple[Slot, Limits]]:
    """The cleared slots of a local day in which the home had orders, with the limits that `terms` set in each."""
    community = household.community
    first, end = local_day(day, community.zone)
    cleared = Slot.objects.filter(
        community=community, status=Slot.Status.CLEARED, start__gte=household.own_from(first), start__lt=end
    )
    slots = list(cleared.filter(orders__household=household).distinct().order_by("start"))
    book = TariffBook(community)
    clocks = local_times([slot.start for slot in slots], community.zone, is_off_peak_day)
    found = []
    for slot, clock in zip(slots, clocks, strict=True):
        told = terms_at(terms, slot.start, community.slot_minutes, book.community.period(slot.start), clock)
        sell = told.min_sell_ueur_kwh if told.may_sell else NEVER_SELL_UEUR_KWH
        buy = told.max_buy_ueur_kwh if told.may_buy else NEVER_BUY_UEUR_KWH
        found.append((slot, Limits(sell, buy)))
    return found
