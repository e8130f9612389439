"""What devices have taken and given since an instant: as they metered it, then by their set-points."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from community.models import Device
from market.models import Slot

# A car that has not been seen unplugged for so long has stood there from then on, for all that anybody knows.
LOOK_BACK = timedelta(days=7)
WEEK_HOURS, CAR_MEMORY_WEEKS = 168, 4

# Reports say what flowed until the last of them. Of the slots after it a set-point counts, and before they have
# cleared the most that they may have the device give. A slot under way counts in full where giving is limited.
MOVED = """
WITH asked AS (
    SELECT * FROM unnest(%(devices)s::bigint[], %(since)s::timestamptz[]) AS a(device_id, since)
),
metered AS (
    SELECT a.device_id, a.since, coalesce(max(t.at), a.since) AS until,
        coalesce(sum(greatest(t.energy_wh, 0)), 0) AS taken_wh,
        coalesce(sum(greatest(-t.energy_wh, 0)), 0) AS given_wh
    FROM asked a LEFT JOIN community_devicestate t
        ON t.device_id = a.device_id AND t.at > a.since AND t.at <= %(at)s AND t.energy_wh IS NOT NULL
    GROUP BY a.device_id, a.since
)
SELECT m.device_id, m.taken_wh + coalesce(p.taken_wh, 0), m.given_wh + coalesce(p.given_wh, 0)
FROM metered m LEFT JOIN LATERAL (
    SELECT sum(greatest(coalesce(p.energy_wh, p.base_wh), 0)) FILTER (WHERE s.start >= m.until) AS taken_wh,
        sum(greatest(-coalesce(p.energy_wh, p.base_wh - coalesce((
            SELECT sum(o.energy_wh) FROM market_order o
            WHERE o.slot_id = s.id AND o.device_id = m.device_id AND o.side = 'sell' AND o.kind = 'flexible'
        ), 0)), 0)) AS given_wh
    FROM market_slot s JOIN market_setpoint p ON p.slot_id = s.id
    WHERE s.community_id = %(community)s AND s.start >= m.since AND s.start < %(start)s AND s."end" > m.until
        AND p.device_id = m.device_id
) p ON true
"""

# Since when a car stands at its charger without ever having said what it needs.
SILENT = """
WITH arrived AS (
    SELECT device_id, coalesce(max(at) FILTER (WHERE NOT plugged_in), min(at)) AS since
    FROM community_devicestate
    WHERE device_id = ANY(%(devices)s) AND at > %(since)s AND at <= %(at)s GROUP BY device_id
)
SELECT a.device_id, a.since FROM arrived a
WHERE NOT EXISTS (
    SELECT FROM community_devicestate t
    WHERE t.device_id = a.device_id AND t.at >= a.since AND t.at <= %(at)s AND t.plugged_in AND t.need_wh > 0
)
"""

CARS = """
SELECT (extract(isodow FROM t.at AT TIME ZONE %(zone)s)::int - 1) * 24
        + extract(hour FROM (t.at - interval '1 minute') AT TIME ZONE %(zone)s)::int,
    sum(greatest(t.energy_wh, 0))
FROM community_devicestate t
WHERE t.device_id = ANY(%(devices)s) AND t.at > %(since)s AND t.at <= %(at)s AND t.energy_wh IS NOT NULL GROUP BY 1
"""


class Moved(NamedTuple):
    """AC energy (Wh) that a device has taken and given; neither is netted with the other."""

    taken_wh: int
    given_wh: int


def moved_since(slot: Slot, at: datetime, since: Mapping[int, datetime]) -> dict[int, Moved]:
    """What each device has moved from its instant of `since` to the start of the slot, as known at `at`."""
    if not since:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            MOVED,
            {
                "devices": list(since),
                "since": list(since.values()),
                "community": slot.community_id,
                "start": slot.start,
                "at": at,
            },
        )
        return {device: Moved(int(taken_wh), int(given_wh)) for device, taken_wh, given_wh in cursor.fetchall()}


def silent_since(chargers: Sequence[int], at: datetime) -> dict[int, datetime]:
    """When the car at each of the chargers was plugged in, if it has not said since what it needs."""
    if not chargers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(SILENT, {"devices": list(chargers), "since": at - LOOK_BACK, "at": at})
        return dict(cursor.fetchall())


def usual_cars(devices: Sequence[Device], zone: str, at: datetime) -> NDArray[np.float64]:
    """What a street's cars take in each local hour of a week, Wh, on the mean of the last weeks."""
    usual = np.zeros(WEEK_HOURS)
    chargers = [device.pk for device in devices if device.kind == Device.Kind.EV_CHARGER]
    if not chargers:
        return usual
    since = at - timedelta(weeks=CAR_MEMORY_WEEKS)
    with connection.cursor() as cursor:
        cursor.execute(CARS, {"devices": chargers, "zone": zone, "since": since, "at": at})
        for hour, taken_wh in cursor.fetchall():
            usual[hour % WEEK_HOURS] += float(taken_wh) / CAR_MEMORY_WEEKS
    return usual
