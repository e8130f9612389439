"""From when on a community's raw readings have to be kept."""

from datetime import date, datetime

from django.db.models.functions import TruncMonth

from community.models import Community
from community.tariffs import month_span
from market.models import Slot, Statement

# Distributors correct a year back, and a month is closed within the one after it.
RAW_MONTHS = 13


def cut_of(community: Community, at: datetime) -> datetime:
    """Raw readings from before this local midnight may go: thirteen months are over, and each month is closed."""
    zone = community.zone
    today = at.astimezone(zone).date()
    months = today.year * 12 + today.month - 1 - RAW_MONTHS
    cut = month_span(months // 12, months % 12 + 1, zone)[0]
    closed = set(Statement.objects.filter(household__community=community).values_list("month", flat=True))
    begun = Slot.objects.filter(community=community, start__lt=cut)
    lived = begun.values_list(TruncMonth("start", tzinfo=zone), flat=True).distinct()
    open_ = sorted({_first(month, community) for month in lived} - closed)
    return month_span(open_[0].year, open_[0].month, zone)[0] if open_ else cut


def cuts(at: datetime) -> dict[int, datetime]:
    """The cut of every community."""
    return {community.pk: cut_of(community, at) for community in Community.objects.order_by("pk")}


def _first(instant: datetime, community: Community) -> date:
    return instant.astimezone(community.zone).date()
