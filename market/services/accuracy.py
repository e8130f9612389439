"""Keeping how well each day was foretold."""

from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction

from community.models import Community
from community.queries import active_households
from community.tariffs import local_day
from market.models import Forecast, ForecastAccuracy
from market.queries.accuracy import compared

# Nothing of money hangs on a forecast, and a home's take 18 kB a day: what they were worth is kept, they are not.
KEPT_FOR = timedelta(days=60)
DAYS = 3  # meters may deliver so late; later readings no longer change what is known of a forecast


@transaction.atomic
def watch_forecasts(*, community: Community, at: datetime) -> None:
    """Compare the forecasts of today and of the last `DAYS` with what was metered; a repeat changes nothing.

    Forecasts older than `KEPT_FOR` are removed.
    """
    homes = [home.pk for home in active_households(community.pk)]
    today = at.astimezone(community.zone).date()
    rows = []
    for day in (today - timedelta(days=back) for back in range(DAYS + 1)):
        found = compared(homes, *local_day(day, community.zone), community.slot_minutes, at)
        if found.compared:
            rows.append(ForecastAccuracy(community=community, day=day, computed_at=at, **asdict(found)))
    ForecastAccuracy.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["community", "day"],
        update_fields=["compared", "used_wh", "off_wh", "bias_wh", "banded", "in_band", "computed_at"],
    )
    Forecast.objects.filter(household__in=homes, issued_at__lt=at - KEPT_FOR).delete()
