"""Which parts of a span of time a meter has told: present, not measured, missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from metering.models import MeteringPoint, Reading

CHANNELS = (Reading.Channel.IMPORT.value, Reading.Channel.EXPORT.value)
# Spans of the newest version of every reading, joined where they touch; hours and quarters may overlap.
TOLD = """
WITH newest AS (
    SELECT DISTINCT ON (metering_point_id, channel, start, resolution_minutes)
        metering_point_id, channel, quality, received_at,
        tstzrange(start, start + make_interval(mins => resolution_minutes)) AS span
    FROM metering_reading
    WHERE metering_point_id = ANY(%(points)s) AND channel = ANY(%(channels)s)
        AND start > %(start)s - interval '1 hour' AND start < %(end)s
    ORDER BY metering_point_id, channel, start, resolution_minutes, version DESC
)
SELECT metering_point_id, channel,
    tstzmultirange(tstzrange(%(start)s, %(end)s)) - range_agg(span) AS missing,
    tstzmultirange(tstzrange(%(start)s, %(end)s)) * coalesce(
        range_agg(span) FILTER (WHERE quality <> 'measured')
            - coalesce(range_agg(span) FILTER (WHERE quality = 'measured'), '{}'::tstzmultirange),
        '{}'::tstzmultirange
    ) AS unmeasured,
    max(received_at)
FROM newest GROUP BY metering_point_id, channel
"""

# What half of the meters have told is what the street knows; who is an hour behind that is missing.
FRESH = """
WITH newest AS (
    SELECT p.id, p.household_id, r.until
    FROM metering_meteringpoint p JOIN community_household h ON h.id = p.household_id
    LEFT JOIN LATERAL (
        SELECT start + make_interval(mins => resolution_minutes) AS until FROM metering_reading
        WHERE metering_point_id = p.id AND channel = 'import' AND start <= %(at)s ORDER BY start DESC LIMIT 1
    ) AS r ON true
    WHERE h.community_id = %(community)s
),
usual AS (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY until) AS until FROM newest)
SELECT usual.until, count(n.id),
    count(n.id) FILTER (WHERE n.until IS NULL OR n.until < usual.until - interval '1 hour'),
    max(n.until) FILTER (WHERE n.household_id = %(home)s)
FROM usual LEFT JOIN newest n ON true GROUP BY usual.until
"""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Until when half of a community's meters have told something, and how many are an hour behind that; of a home
    that was asked for, until when its `own` have.
    """

    until: datetime | None
    behind: int
    meters: int
    own: datetime | None = None


def freshness(community_id: int, at: datetime, home_id: int | None = None) -> Freshness:
    """How fresh a community's readings are, in one query however many meters there are."""
    with connection.cursor() as cursor:
        cursor.execute(FRESH, {"community": community_id, "at": at, "home": home_id})
        until, meters, behind, own = cursor.fetchone()
    return Freshness(until, behind, meters, own)


@dataclass(frozen=True, slots=True)
class Span:
    """`[start, end)`, and how many of the meter's intervals it holds."""

    start: datetime
    end: datetime
    intervals: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """One channel of one meter in its intervals; `estimated` of the `present` ones are not measured."""

    metering_point_id: int
    channel: str
    expected: int
    present: int
    estimated: int
    missing: tuple[Span, ...]
    received_at: datetime | None


def completeness(points: Sequence[MeteringPoint], start: datetime, end: datetime) -> list[Completeness]:
    """What is told of `[start, end)`, by meter and channel, in one query however many meters there are."""
    bounds: dict[str, Any] = {
        "points": [point.pk for point in points],
        "channels": list(CHANNELS),
        "start": start,
        "end": end,
    }
    with connection.cursor() as cursor:
        cursor.execute(TOLD, bounds)
        told = {(point, channel): rest for point, channel, *rest in cursor.fetchall()}
    answer = []
    for point in points:
        length = timedelta(minutes=point.resolution_minutes)
        expected = (end - start) // length
        for channel in CHANNELS:
            row = told.get((point.pk, channel))
            missing = _spans(row[0], length) if row else (Span(start, end, expected),) if expected else ()
            lost = sum(span.intervals for span in missing)
            estimated = sum(span.intervals for span in _spans(row[1], length)) if row else 0
            received_at = row[2] if row else None
            answer.append(
                Completeness(point.pk, channel, expected, expected - lost, estimated, missing, received_at)
            )
    return answer


def _spans(ranges: Sequence[object], length: timedelta) -> tuple[Span, ...]:
    """Ranges of the database; an interval that is partly outside counts as one."""
    return tuple(Span(r.lower, r.upper, -((r.lower - r.upper) // length)) for r in ranges)  # type: ignore[attr-defined]
