"""Reads of what was published by the hour: an hour's price, and the hours that are missing."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import F, Q, QuerySet

from community.models import Community, HourPrice
from community.tariffs import local_day, month_span

HOUR = timedelta(hours=1)
# Where an hour is not published yet, the same hour of one of so many days before stands in for it.
DAYS_BACK = 14


class Published(NamedTuple):
    """A price, µ€/kWh before taxes, and whether it stands in for one that is not known."""

    price_ueur_kwh: int
    estimated: bool


class PublishedPrices:
    """Published prices as one community sees them: its own files before the operator's; read month by month."""

    def __init__(self, community: Community) -> None:
        self._community = community
        self._months: dict[tuple[int, int], dict[tuple[str, datetime], int]] = {}

    def at(self, series: str, start: datetime) -> Published | None:
        """The price of the hour that `start` lies in, else that of a day before; None if there is neither."""
        hour = start.replace(minute=0, second=0, microsecond=0)
        for days in range(DAYS_BACK + 1):
            before = hour - timedelta(days=days)
            if (price := self._month(before).get((series, before))) is not None:
                return Published(price, days > 0)
        return None

    def _month(self, hour: datetime) -> dict[tuple[str, datetime], int]:
        key = hour.year, hour.month
        if key not in self._months:
            first, end = month_span(hour.year, hour.month)
            # Months are the reader's own unit here, in whatever zone: a day more on each side costs nothing.
            rows = _seen_by(self._community.pk, self._community.region).filter(
                start__gte=first - timedelta(days=1), start__lt=end + timedelta(days=1)
            )
            self._months[key] = {
                (series, begun): price
                for series, begun, price in rows.values_list("series", "start", "price_ueur_kwh")
            }
        return self._months[key]


def _seen_by(community_id: int | None, region: str) -> QuerySet[HourPrice]:
    """Prices of a region, the operator's first, so that a community's own come last and count."""
    whose = Q(community=None) | Q(community=community_id)
    rows = HourPrice.objects.filter(whose, region=region)
    return rows.order_by(F("community").asc(nulls_first=True))


class DayKnown(NamedTuple):
    """How many hours of a civil day are known, and the local hours that are not."""

    day: date
    hours: int
    missing: tuple[datetime, ...]


def days_known(community: Community, series: str, days: Sequence[date]) -> list[DayKnown]:
    """What a community knows of each day, in the order given; one without a key knows what the operator does."""
    if not days:
        return []
    first, end = local_day(min(days), community.zone)[0], local_day(max(days), community.zone)[1]
    known = set(
        _seen_by(community.pk, community.region)
        .filter(series=series, start__gte=first, start__lt=end)
        .values_list("start", flat=True)
    )
    answer = []
    for day in days:
        since, until = local_day(day, community.zone)
        hours = [since + HOUR * i for i in range((until - since) // HOUR)]
        answer.append(DayKnown(day, len(hours), tuple(hour for hour in hours if hour not in known)))
    return answer
