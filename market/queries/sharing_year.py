"""A community's last year by the hour, as coefficients would have shared it."""

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import connection

from community.models import Community, Household
from community.tariffs import is_off_peak_day, local_day
from market.models import SharingSet
from market.settlement.coefficients import shares_ppm
from market.settlement.coefficients.curves import Curves, Ints, clock_groups

YEAR = timedelta(days=365)
HOUR_S = 3600
HOURS = """
SELECT floor(extract(epoch FROM start) / 3600)::bigint, household_id, sum(import_wh)::bigint,
    sum(export_wh)::bigint, max(import_ueur_kwh), max(feed_in_ueur_kwh)
FROM market_settledhome s JOIN community_household h ON h.id = s.household_id
WHERE h.community_id = %s AND s.is_current AND s.start >= %s AND s.start < %s GROUP BY 1, 2 ORDER BY 1, 2
"""


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
    with connection.cursor() as cursor:
        cursor.execute(HOURS, [community.pk, until - YEAR, until])
        rows = [row for row in cursor.fetchall() if row[1] in places]
    if not rows or not any(row[3] for row in rows):
        return None
    hours = sorted({row[0] for row in rows})
    index = {hour: i for i, hour in enumerate(hours)}
    shape = (len(hours), len(found))
    made = np.zeros(len(hours), dtype=np.int64)
    need, price, worth = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    for hour, home, taken_wh, given_wh, charged, paid in rows:
        at = index[hour], places[home]
        need[at], price[at], worth[at] = taken_wh, charged, paid
        made[index[hour]] += given_wh
    supplies = list(found.values())
    starts = [datetime.fromtimestamp(hour * HOUR_S, community.zone) for hour in hours]
    return SharingYear(
        Curves(made, need, price, worth), supplies, groups_of(starts), coefficients_of(community, supplies, starts)
    )


def groups_of(starts: list[datetime]) -> Ints:
    """The group of each local hour: by clock, month and kind of day."""
    clock, month, quiet = (
        np.array(values, dtype=np.int64)
        for values in zip(*((at.hour, at.month, int(is_off_peak_day(at.date()))) for at in starts), strict=True)
    )
    return clock_groups(clock, month, quiet)


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
