"""How the site does at one instant, over all communities: for health checks, metrics and the operator's page.

Each statement reads the ends of indexes or a bounded number of rows, so that a look every few seconds is cheap.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from market.agents.fallback import SILENT_AFTER_MINUTES
from market.models import Slot
from market.queries.health import USUAL_WITHIN

# So much of the neighbourhood's time after its gate a slot should be cleared; a demo's clock may run faster.
LATE_AFTER = timedelta(minutes=5) * settings.CLOCK_SPEED
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

TO_CLEAR = """
SELECT count(*) AS due, count(*) FILTER (WHERE gate_closure <= %(late)s) AS late,
    coalesce(extract(epoch FROM %(at)s - min(gate_closure)), 0) AS oldest_uncleared_seconds
FROM market_slot WHERE status = 'open' AND gate_closure <= %(at)s
"""
LAST_DAY = """
SELECT count(*) FILTER (WHERE s.status = 'cleared') AS cleared,
    count(*) FILTER (WHERE s.status = 'fallback') AS refused,
    count(*) FILTER (WHERE EXISTS (SELECT FROM market_settlement t WHERE t.slot_id = s.id)) AS settled
FROM community_community c JOIN market_slot s ON s.community_id = c.id AND s.start > %(day)s AND s.start <= %(at)s
"""
# As `market.queries.health` decides for one community: later than usual. One that never sent is unknown.
METERS = """
WITH usual AS (
    SELECT household_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY issued_at - known_until) AS delay
    FROM market_forecast
    WHERE issued_at > %(usual_since)s AND issued_at <= %(at)s AND known_until IS NOT NULL GROUP BY household_id
)
SELECT count(*) AS meters, count(*) FILTER (
        WHERE r.until + greatest(coalesce(u.delay, '0'), '0') + %(patience)s < %(at)s
    ) AS silent
FROM metering_meteringpoint p CROSS JOIN LATERAL (
        SELECT start + make_interval(mins => resolution_minutes) AS until FROM metering_reading
        WHERE metering_point_id = p.id AND channel = 'import' AND start <= %(at)s ORDER BY start DESC LIMIT 1
    ) AS r
    LEFT JOIN usual u ON u.household_id = p.household_id
"""
INGESTED = """
SELECT source, count(*), sum(received) FROM (
    SELECT source, received, received_at FROM metering_upload ORDER BY id DESC LIMIT 20000
) AS newest WHERE received_at > %(hour)s AND received_at <= %(at)s GROUP BY source ORDER BY source
"""
# The head of a community whose log is signed to its end is as young as can be.
LOGS = """
SELECT coalesce(max(leaf.seq + 1 - coalesce(head.size, 0)), 0) AS unsigned,
    coalesce(max(extract(epoch FROM %(at)s - head.signed_at)), 0) AS head_age_seconds,
    coalesce(max(extract(epoch FROM %(at)s - witnessed.at)), 0) AS witness_age_seconds,
    (SELECT count(*) FROM market_logalarm) AS alarms
FROM community_community c
    JOIN LATERAL (SELECT seq FROM market_logleaf WHERE community_id = c.id ORDER BY seq DESC LIMIT 1) leaf ON true
    LEFT JOIN LATERAL (
        SELECT size, signed_at FROM market_loghead WHERE community_id = c.id ORDER BY size DESC LIMIT 1
    ) head ON true
    LEFT JOIN LATERAL (
        SELECT max(k.received_at) AS at FROM market_logcosignature k JOIN market_loghead h ON h.id = k.head_id
        WHERE h.community_id = c.id
    ) witnessed ON true
"""
FILES = """
SELECT count(*) AS waiting, coalesce(extract(epoch FROM %(at)s - min(asked_at)), 0) AS oldest_seconds
FROM metering_meterfile WHERE asked_at IS NOT NULL AND committed_at IS NULL AND failure IS NULL
"""


def slots_to_clear(at: datetime) -> dict[str, float]:
    """Slots whose gate has closed (`due`), those that should be cleared (`late`), and the oldest one's seconds."""
    return _one(TO_CLEAR, at=at, late=at - LATE_AFTER)


def late_slots(at: datetime, most: int) -> list[Slot]:
    """The slots that should be cleared by now and are not, oldest first."""
    late = Slot.objects.filter(status=Slot.Status.OPEN, gate_closure__lte=at - LATE_AFTER)
    return list(late.select_related("community").order_by("gate_closure", "pk")[:most])


def slots_of_last_day(at: datetime) -> dict[str, float]:
    """Slots that began within a day: cleared, refused by the verifier, and settled."""
    return _one(LAST_DAY, at=at, day=at - DAY)


def meters_that_report(at: datetime) -> dict[str, float]:
    """Meters that ever sent readings, and those that are later than usual."""
    patience = timedelta(minutes=SILENT_AFTER_MINUTES)
    return _one(METERS, at=at, usual_since=at - USUAL_WITHIN, patience=patience)


def uploads_of_last_hour(at: datetime) -> list[tuple[str, int, int]]:
    """By source: uploads and readings that came within an hour, of the newest 20,000 uploads."""
    with connection.cursor() as cursor:
        cursor.execute(INGESTED, {"at": at, "hour": at - HOUR})
        return [(source, uploads, int(readings)) for source, uploads, readings in cursor.fetchall()]


def state_of_logs(at: datetime) -> dict[str, float]:
    """The worst of all communities: entries without a signature, seconds since the head and a witness's line.

    `alarms` counts the logs that the signer ever refused.
    """
    return _one(LOGS, at=at)


def files_waiting(at: datetime) -> dict[str, float]:
    """Meter files that somebody asked to be stored and that are not, and the oldest one's seconds."""
    return _one(FILES, at=at)


def _one(statement: str, **given: Any) -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        names = [column.name for column in cursor.description]
        return {name: float(value) for name, value in zip(names, cursor.fetchone(), strict=True)}
