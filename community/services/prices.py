"""Keeping published prices: from a file handed in, or from where they are published."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from community.models import Community, HourPrice, Member, What
from community.price_files import PublishedHour
from community.price_files.esios import Esios
from community.published_prices import days_known
from community.services.audit import record

# Days that are asked for again if hours of them are missing.
LOOK_BACK_DAYS = 7
FIELDS = ["price_ueur_kwh", "source", "loaded_at"]


class Kept(NamedTuple):
    """How many hours of a file were new, told another price than was known, or are as they were."""

    new: int
    changed: int
    same: int


@transaction.atomic
def keep_prices(
    hours: Sequence[PublishedHour],
    *,
    source: str,
    at: datetime,
    community: Community | None = None,
    by: Member | None = None,
) -> Kept:
    """Keep the hours, all or none; the last word on an hour counts. Without a community they are for all.

    What was settled keeps the price that it was settled with.
    """
    starts = [hour.start for hour in hours]
    known = {
        (row.region, row.series, row.start): row.price_ueur_kwh
        for row in HourPrice.objects.filter(community=community, start__gte=min(starts), start__lte=max(starts))
    }
    before = [known.get((hour.region, hour.series, hour.start)) for hour in hours]
    news = [hour for hour, price in zip(hours, before, strict=True) if price != hour.price_ueur_kwh]
    HourPrice.objects.bulk_create(
        [HourPrice(community=community, source=source[:120], loaded_at=at, **hour._asdict()) for hour in news],
        update_conflicts=True,
        unique_fields=["region", "series", "start", "community"],
        update_fields=FIELDS,
    )
    new = sum(price is None for price in before)
    if community is not None:
        record(What.PRICES_LOADED, community=community, at=at, by=by, reason=source)
    return Kept(new, len(news) - new, len(hours) - len(news))


def fetch_prices(esios: Esios, at: datetime) -> Kept:
    """Ask for every day of which hours are missing: of the last ones, today and tomorrow.

    Raises `community.price_files.esios.NoPrices` and `PriceFileFault`; the days before are kept.
    """
    everyone = Community(region="peninsula")
    today = at.astimezone(everyone.zone).date()
    days = [today + timedelta(days=ahead) for ahead in range(-LOOK_BACK_DAYS, 2)]
    series = ("pvpc", "surplus") if esios.has_key else ("pvpc",)
    wanted = {known.day for one in series for known in days_known(everyone, one, days) if known.missing}
    kept = Kept(0, 0, 0)
    for day in sorted(wanted):
        found = keep_prices(esios.prices(day), source=esios.base_url, at=at)
        kept = Kept(*(a + b for a, b in zip(kept, found, strict=True)))
    return kept
