"""What homes used in the past, without what their steered devices took or gave: the forecast's food."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from market.models import Forecast

# One pass without a join: planners guess badly how many rows a brand-new partition holds.
NET_LOAD = """
WITH newest AS (
    SELECT DISTINCT ON (r.metering_point_id, r.channel, r.start)
        p.household_id, r.start, CASE r.channel WHEN 'import' THEN energy_wh ELSE -energy_wh END AS energy_wh
    FROM metering_reading r JOIN metering_meteringpoint p ON p.id = r.metering_point_id
    WHERE p.household_id = ANY(%(homes)s) AND r.start >= %(first)s AND r.start < %(until)s
        AND r.resolution_minutes = %(minutes)s AND r.received_at <= %(at)s AND r.channel <> 'generation'
    ORDER BY r.metering_point_id, r.channel, r.start, r.version DESC
),
parts AS (
    SELECT household_id, start, energy_wh, 1 AS readings FROM newest
    UNION ALL
    SELECT d.household_id, s.at - make_interval(mins => %(minutes)s), -s.energy_wh, 0
    FROM community_devicestate s JOIN community_device d ON d.id = s.device_id
    WHERE d.household_id = ANY(%(homes)s) AND s.at > %(first)s AND s.at <= %(until)s
)
SELECT household_id, extract(epoch FROM start - %(first)s)::bigint / (60 * %(minutes)s), sum(energy_wh)::bigint
FROM parts GROUP BY household_id, start HAVING sum(readings) >= 2
"""


def net_load(homes: Sequence[int], first: datetime, slots: int, minutes: int, at: datetime) -> NDArray[np.float64]:
    """Net load (consumption less sun, Wh) of `slots` slots from `first` on: homes x slots, NaN where unknown.

    Known is what was received by `at`. A slot counts only if both import and export were read.
    """
    until = first + timedelta(minutes=minutes) * slots
    places = {home: i for i, home in enumerate(homes)}
    answer = np.full((len(homes), slots), np.nan)
    with connection.cursor() as cursor:
        cursor.execute(
            NET_LOAD, {"homes": list(homes), "first": first, "until": until, "minutes": minutes, "at": at}
        )
        rows = cursor.fetchall()
    if rows:
        households, offsets, energies = zip(*rows, strict=True)
        answer[[places[home] for home in households], offsets] = np.array(energies, dtype=float)
    return answer


def last_issue(community_id: int, at: datetime) -> datetime | None:
    """When the community's forecasts were last renewed, as of `at`."""
    issues = Forecast.objects.filter(household__community=community_id, issued_at__lte=at)
    return issues.order_by("-issued_at").values_list("issued_at", flat=True).first()
