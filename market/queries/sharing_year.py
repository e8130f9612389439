"""A community's last year by the hour, as coefficients would have shared it."""

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from community.models import Community, Household
from community.tariffs import local_day
from market.models import SharingSet
from market.queries.home_hours import HOUR_S, home_hours, hour_start
from market.settlement.coefficients import shares_ppm
from market.settlement.coefficients.curves import Curves, Ints, groups_of

YEAR = timedelta(days=365)


class SharingYear(NamedTuple):
    """What all homes gave (production) and each took, by hour; the homes' supplies; each hour's group; and the
    coefficients of today by hour and member, None without any that fit.
    """

    curves: Curves
    supplies: list[str]
    groups: Ints
    today_ppm: Ints | None


def sharing_year(community: Community, until: datetime) -> SharingYear | None:
    """The settled hours of the year before `until`; None where nothing was given or no supply is known."""
    found = dict(
        Household.objects.filter(community=community, metering_points__isnull=False)
        .order_by("pk", "metering_points__pk")
        .values_list("pk", "metering_points__cups")
    )
    places = {home: i for i, home in enumerate(found)}
    rows = [row for row in home_hours(community, until - YEAR, until) if row.household_id in places]
    if not any(row.export_wh for row in rows):
        return None
    hours = sorted({row.hour for row in rows})
    index = {hour: i for i, hour in enumerate(hours)}
    shape = (len(hours), len(found))
    made = np.zeros(len(hours), dtype=np.int64)
    need, price, worth = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    for row in rows:
        at = index[row.hour], places[row.household_id]
        need[at], price[at], worth[at] = row.import_wh, row.import_ueur_kwh, row.feed_in_ueur_kwh
        made[index[row.hour]] += row.export_wh
    supplies = list(found.values())
    starts = [hour_start(hour, community) for hour in hours]
    return SharingYear(
        Curves(made, need, price, worth), supplies, groups_of(starts), coefficients_of(community, supplies, starts)
    )


def hours_of_year(community: Community, year: int) -> list[datetime]:
    """Every hour of a civil year in local time, in order: 8,760, or 8,784 in leap years."""
    first = local_day(datetime(year, 1, 1, tzinfo=community.zone).date(), community.zone)[0]
    end = local_day(datetime(year + 1, 1, 1, tzinfo=community.zone).date(), community.zone)[0]
    count = int((end - first).total_seconds()) // HOUR_S
    return [(first + timedelta(hours=i)).astimezone(community.zone) for i in range(count)]


def coefficients_of(community: Community, supplies: list[str], starts: list[datetime]) -> Ints | None:
    """The coefficients agreed last, by member or by hour and member; supplies outside them have no share."""
    latest = SharingSet.objects.filter(community=community).order_by("-added_at").first()
    if latest is None:
        return None
    by_supply = {cups[:20]: told for cups, told in latest.beta_ppm.items()}
    told = [by_supply.get(cups[:20], 0) for cups in supplies]
    if not any(told):
        return None
    if not latest.is_hourly:
        return np.array(shares_ppm([int(one) for one in told if isinstance(one, int)]), dtype=np.int64)
    length = max(len(one) for one in told if isinstance(one, list))
    begins = {at.year: datetime(at.year, 1, 1, tzinfo=community.zone) for at in starts}
    numbers = [int((at - begins[at.year]).total_seconds()) // HOUR_S % length for at in starts]
    columns = [one if isinstance(one, list) else [one] * length for one in told]
    return np.array([[column[number] for column in columns] for number in numbers], dtype=np.int64)
