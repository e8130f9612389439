"""Energy of one meter by hour, local day or month, with how much of it is missing or not measured."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from metering.models import MeteringPoint

# An hour that came in quarters as well counts once: the finest resolution wins.
SUMS = """
WITH newest AS (
    SELECT DISTINCT ON (channel, start, resolution_minutes) channel, start, resolution_minutes, energy_wh, quality
    FROM metering_reading
    WHERE metering_point_id = %(point)s AND start >= %(start)s AND start < %(end)s
        AND (%(as_of)s::timestamptz IS NULL OR received_at <= %(as_of)s)
    ORDER BY channel, start, resolution_minutes, version DESC
), counted AS (
    SELECT channel, start, energy_wh, quality, resolution_minutes,
        resolution_minutes > min(resolution_minutes) OVER (
            PARTITION BY channel, date_trunc('hour', start)
        ) AS doubled
    FROM newest
)
SELECT date_trunc(%(unit)s, start, %(zone)s) AS span, channel, sum(energy_wh)::bigint,
    sum(resolution_minutes), coalesce(sum(resolution_minutes) FILTER (WHERE quality <> 'measured'), 0)
FROM counted WHERE NOT doubled GROUP BY span, channel ORDER BY span, channel
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """Energy of one channel in `[start, end)`; `present` of the `expected` intervals are known."""

    channel: str
    start: datetime
    end: datetime
    energy_wh: int
    expected: int
    present: int
    estimated: int


def sums(point: MeteringPoint, start: datetime, end: datetime, unit: str, as_of: datetime | None) -> list[Sum]:
    """Sums of what starts in `[start, end)` by `hour`, `day` or `month` on the community's clock.

    Spans of which nothing is known are absent, never zero. The first and the last span may be cut by the window.
    """
    zone = point.household.community.zone
    with connection.cursor() as cursor:
        facts: dict[str, Any] = {
            "point": point.pk,
            "start": start,
            "end": end,
            "as_of": as_of,
            "unit": unit,
            "zone": zone.key,
        }
        cursor.execute(SUMS, facts)
        rows = cursor.fetchall()
    minutes = point.resolution_minutes
    answer = []
    for span, channel, energy_wh, present, estimated in rows:
        first, last = max(start, span), min(end, _next(span, unit, zone))
        expected = int((last - first) / timedelta(minutes=minutes))
        answer.append(Sum(channel, first, last, energy_wh, expected, present // minutes, estimated // minutes))
    return answer


def _next(span: datetime, unit: str, zone: ZoneInfo) -> datetime:
    """Where the hour, local day or local month that begins at `span` ends."""
    if unit == "hour":
        return span + timedelta(hours=1)
    local = span.astimezone(zone).replace(tzinfo=None)
    days = 1 if unit == "day" else 32
    following = local + timedelta(days=days)
    if unit == "month":
        following = following.replace(day=1)
    return following.replace(tzinfo=zone).astimezone(span.tzinfo)
