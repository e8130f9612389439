"""What homes took and gave hour by hour, as it was settled."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from community.models import Community

HOUR_S = 3600
HOURS = """
SELECT floor(extract(epoch FROM start) / 3600)::bigint, household_id, sum(import_wh)::bigint,
    sum(export_wh)::bigint, sum(export_wh * feed_in_ueur_kwh)::bigint, max(import_ueur_kwh), max(feed_in_ueur_kwh)
FROM market_settledhome s JOIN community_household h ON h.id = s.household_id
WHERE h.community_id = %s AND s.is_current AND s.start >= %s AND s.start < %s GROUP BY 1, 2 ORDER BY 1, 2
"""


class HomeHour(NamedTuple):
    """A home's hour by its number since 1970: Wh, what its surplus is worth (n€), and its retailer's prices."""

    hour: int
    household_id: int
    import_wh: int
    export_wh: int
    export_neur: int
    import_ueur_kwh: int
    feed_in_ueur_kwh: int


def home_hours(community: Community, first: datetime, end: datetime) -> list[HomeHour]:
    """Every settled hour of every home, by hour and home."""
    with connection.cursor() as cursor:
        cursor.execute(HOURS, [community.pk, first, end])
        return [HomeHour(*row) for row in cursor.fetchall()]


def hour_start(hour: int, community: Community) -> datetime:
    """When an hour begins, by the street's clock."""
    return datetime.fromtimestamp(hour * HOUR_S, community.zone)
