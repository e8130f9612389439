"""Renewing what is expected of each home."""

from datetime import datetime, timedelta

from django.db import transaction

from community.models import Community
from community.queries import active_households
from community.tariffs import is_off_peak_day
from market.agents import forecast_net_load
from market.models import Forecast
from market.queries.due import RENEW_FORECASTS_EVERY
from market.queries.history import last_issue, net_load

HISTORY = timedelta(days=14)
# Two days, so that agents still see a whole day ahead just before the next renewal.
AHEAD = timedelta(days=2)


@transaction.atomic
def renew_forecasts(*, community: Community, at: datetime) -> None:
    """Issue a forecast for every trading home if the last one is too old; else change nothing."""
    Community.objects.select_for_update(no_key=True).get(pk=community.pk)
    issued = last_issue(community.pk, at)
    if issued is not None and at - issued < RENEW_FORECASTS_EVERY:
        return
    minutes = community.slot_minutes
    step = timedelta(minutes=minutes)
    homes = [home.pk for home in active_households(community.pk)]
    first = at - (at - datetime.fromtimestamp(0, at.tzinfo)) % step
    past = HISTORY // step
    answer = forecast_net_load(
        net_load(homes, first - HISTORY, past, minutes, at),
        first,
        AHEAD // step,
        slot_minutes=minutes,
        zone=community.zone,
        is_rest_day=is_off_peak_day,
    )
    Forecast.objects.bulk_create(
        Forecast(
            household_id=home,
            issued_at=at,
            first_start=first,
            slot_minutes=minutes,
            net_load_wh=net_wh.tolist(),
            days_seen=int(days),
        )
        for home, net_wh, days in zip(homes, answer.net_wh, answer.days_seen, strict=True)
    )
