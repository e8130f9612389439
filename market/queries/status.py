"""How each community does at one instant, for the operator: one row each, in one statement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from market.agents.fallback import SILENT_AFTER_MINUTES
from market.models import Notice
from market.queries.health import USUAL_WITHIN
from market.queries.operations import DAY, LATE_AFTER

COMMUNITIES = """
WITH usual AS (
    SELECT household_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY issued_at - known_until) AS delay
    FROM market_forecast
    WHERE issued_at > %(usual_since)s AND issued_at <= %(at)s AND known_until IS NOT NULL GROUP BY household_id
),
meters AS (
    SELECT h.community_id, count(*) AS meters, count(*) FILTER (
            WHERE r.until + greatest(coalesce(u.delay, '0'), '0') + %(patience)s < %(at)s
        ) AS silent, max(r.until) AS heard_until
    FROM metering_meteringpoint p JOIN community_household h ON h.id = p.household_id
    CROSS JOIN LATERAL (
        SELECT start + make_interval(mins => resolution_minutes) AS until FROM metering_reading
        WHERE metering_point_id = p.id AND channel = 'import' AND start <= %(at)s ORDER BY start DESC LIMIT 1
    ) AS r
    LEFT JOIN usual u ON u.household_id = p.household_id
    GROUP BY h.community_id
)
SELECT c.name, coalesce(m.meters, 0), coalesce(m.silent, 0), m.heard_until, s.late, s.cleared,
    s.refused, s.settled, s.on_time
FROM community_community c
    LEFT JOIN meters m ON m.community_id = c.id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE status = 'open' AND gate_closure <= %(late)s) AS late,
            count(*) FILTER (WHERE status = 'cleared') AS cleared,
            count(*) FILTER (WHERE status = 'fallback') AS refused,
            count(*) FILTER (WHERE cleared_at <= start) AS on_time,
            count(*) FILTER (
                WHERE EXISTS (SELECT FROM market_settlement t WHERE t.slot_id = market_slot.id)
            ) AS settled
        FROM market_slot WHERE community_id = c.id AND start > %(day)s AND start <= %(at)s
    ) s
ORDER BY c.name, c.id
"""


@dataclass(frozen=True, slots=True)
class CommunityStatus:
    """One community's last day: meters that report and that are late, slots late, cleared, refused and settled.

    `on_time` slots were cleared before they began.
    """

    name: str
    meters: int
    silent: int
    heard_until: datetime | None
    late: int
    cleared: int
    refused: int
    settled: int
    on_time: int


def communities(at: datetime) -> list[CommunityStatus]:
    """Every community, by name."""
    given: dict[str, Any] = {
        "at": at,
        "late": at - LATE_AFTER,
        "day": at - DAY,
        "usual_since": at - USUAL_WITHIN,
        "patience": timedelta(minutes=SILENT_AFTER_MINUTES),
    }
    with connection.cursor() as cursor:
        cursor.execute(COMMUNITIES, given)
        return [CommunityStatus(*row) for row in cursor.fetchall()]


def notices_undelivered() -> tuple[int, int]:
    """Notices that were refused and are tried again, and those that were given up."""
    tried = Notice.objects.filter(state=Notice.State.WAITING, attempts__gt=0).count()
    return tried, Notice.objects.filter(state=Notice.State.FAILED).count()
