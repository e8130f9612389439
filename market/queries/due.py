"""What is due in all communities: the sweep that finds everything the bell missed, in a few statements."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import OuterRef, Q, Subquery

from community.models import Community
from market.agents.forecasting.ridge import FEWEST_DAYS
from market.models import Slot
from market.queries.settle import LOOK_BACK, PATIENCE

# A tick rings for at most this many slots, so that a long pause is worked off in bites.
AT_ONCE = 2_000
# So many slots of one community are settled in one transaction: about a day, few enough to keep it short.
BATCH = 100
RENEW_FORECASTS_EVERY = timedelta(hours=6)
LEARN_EVERY = timedelta(days=1)
# How far back the look of every minute goes: to slots that began so long before they could be settled at the
# latest, to readings that came so recently for slots that are no older than distributors deliver.
MARGIN = timedelta(hours=2)
JUST_NOW, DELIVERED_WITHIN = timedelta(minutes=30), timedelta(days=31)

TO_ORDER = """
SELECT s.id FROM market_slot s JOIN community_community c ON c.id = s.community_id
WHERE s.status = 'open' AND s.ordered_at IS NULL AND s.gate_closure > %(at)s
    AND s.start <= %(at)s + make_interval(mins => c.order_lead_minutes)
ORDER BY s.start, s.id LIMIT %(most)s
"""
# Everybody's oldest slot comes before anybody's second: one community's pause keeps no other waiting.
TO_CLEAR = """
SELECT id FROM (
    SELECT id, gate_closure, row_number() OVER (PARTITION BY community_id ORDER BY start) AS place
    FROM market_slot WHERE status = 'open' AND gate_closure <= %(at)s
) AS due ORDER BY place, gate_closure, id LIMIT %(most)s
"""
TO_FORECAST = """
SELECT c.id FROM community_community c
WHERE EXISTS (SELECT FROM community_household h JOIN metering_meteringpoint p ON p.household_id = h.id
        WHERE h.community_id = c.id)
    AND NOT EXISTS (SELECT FROM community_household h JOIN market_forecast f ON f.household_id = h.id
        WHERE h.community_id = c.id AND f.issued_at > %(since)s AND f.issued_at <= %(at)s)
ORDER BY c.id
"""
# With as many days of readings as it takes to learn: younger communities would only be asked in vain.
TO_LEARN = """
SELECT c.id FROM community_community c
WHERE EXISTS (SELECT FROM community_household h JOIN market_forecast f ON f.household_id = h.id
        WHERE h.community_id = c.id AND f.days_seen >= %(days)s
            AND f.issued_at > %(since)s AND f.issued_at <= %(at)s)
    AND NOT EXISTS (SELECT FROM market_forecaster m WHERE m.community_id = c.id AND m.fitted_at > %(since)s)
ORDER BY c.id
"""
# Delivered and not settled: with all readings there, or after the patience with what there is. Months that have
# statements are wholly settled, so nobody looks there.
TO_SETTLE = """
WITH closed AS (
    SELECT h.community_id, max(t.month) + interval '27 days' AS until
    FROM market_statement t JOIN community_household h ON h.id = t.household_id GROUP BY h.community_id
),
unsettled AS MATERIALIZED (
    SELECT s.id, s.community_id, s.start, s."end"
    FROM community_community c LEFT JOIN closed ON closed.community_id = c.id
        JOIN market_slot s ON s.community_id = c.id AND s.start >= coalesce(closed.until, '-infinity')
    WHERE s.start >= %(since)s AND s."end" <= %(at)s AND s.cleared_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM market_settlement t WHERE t.slot_id = s.id)
)
SELECT u.community_id, u.id FROM unsettled u
WHERE u."end" <= %(patience)s OR NOT EXISTS (
    SELECT FROM community_household h CROSS JOIN unnest(array['import', 'export']) AS channel
    WHERE h.community_id = u.community_id
        AND EXISTS (SELECT FROM metering_meteringpoint p WHERE p.household_id = h.id)
        AND NOT EXISTS (
            SELECT FROM metering_meteringpoint p JOIN metering_reading r ON r.metering_point_id = p.id
            WHERE p.household_id = h.id AND r.channel = channel.channel
                AND r.start > u.start - interval '1 hour' AND r.start < u."end"
                AND r.start + make_interval(mins => r.resolution_minutes) > u.start
        )
)
ORDER BY u.community_id, u.start
"""
# Settled before the newest reading came.
TO_SETTLE_AGAIN = """
WITH news AS MATERIALIZED (
    SELECT h.community_id, r.start, r.start + make_interval(mins => r.resolution_minutes) AS until,
        max(r.received_at) AS received_at
    FROM metering_reading r JOIN metering_meteringpoint p ON p.id = r.metering_point_id
        JOIN community_household h ON h.id = p.household_id
    WHERE r.received_at > %(received_since)s AND r.start >= %(started_since)s
    GROUP BY 1, 2, 3
)
SELECT s.community_id, s.id FROM market_slot s WHERE s.id IN (
    SELECT m.id FROM news n JOIN market_slot m ON m.community_id = n.community_id
        AND m.start > n.start - interval '1 hour' AND m.start < n.until AND m."end" > n.start
        JOIN market_settlement t ON t.slot_id = m.id AND t.is_current AND t.readings_as_of < n.received_at
)
ORDER BY s.community_id, s.start
"""


def to_open(at: datetime, until: datetime) -> list[tuple[Community, datetime]]:
    """Communities without all slots that start before `until`, with the start of the first that is missing."""
    last = Slot.objects.filter(community=OuterRef("pk")).order_by("-start").values("end")[:1]
    behind = Community.objects.annotate(opened_until=Subquery(last)).filter(
        Q(opened_until__isnull=True) | Q(opened_until__lt=until)
    )
    return [(street, street.opened_until or _next_full_slot(street, at)) for street in behind.order_by("pk")]


def next_to_open(community: Community, at: datetime) -> datetime:
    """Start of the first slot that does not exist yet: where the last one ended, else the next full slot."""
    last = Slot.objects.filter(community=community).order_by("-start").values_list("end", flat=True).first()
    return last or _next_full_slot(community, at)


def _next_full_slot(community: Community, at: datetime) -> datetime:
    length = timedelta(minutes=community.slot_minutes)
    epoch = datetime.fromtimestamp(0, at.tzinfo)
    return epoch + -((epoch - at) // length) * length


def due_to_order(at: datetime) -> list[int]:
    """Open slots whose agents have not ordered yet and may now, soonest first."""
    return [pk for (pk,) in _rows(TO_ORDER, at=at, most=AT_ONCE)]


def due_to_clear(at: datetime) -> list[int]:
    """Open slots whose gate has closed: every community's oldest, then every community's next."""
    return [pk for (pk,) in _rows(TO_CLEAR, at=at, most=AT_ONCE)]


def due_to_forecast(at: datetime) -> list[int]:
    """Communities with meters whose forecasts are too old, or that have none."""
    return [pk for (pk,) in _rows(TO_FORECAST, at=at, since=at - RENEW_FORECASTS_EVERY)]


def due_to_learn(at: datetime) -> list[int]:
    """Communities with enough past to learn from whose model is a day old, or that have none."""
    return [pk for (pk,) in _rows(TO_LEARN, at=at, since=at - LEARN_EVERY, days=FEWEST_DAYS)]


def due_to_settle(at: datetime, *, thoroughly: bool = False) -> list[tuple[int, list[int]]]:
    """Communities with the slots to settle, or to settle again, oldest first, `BATCH` of each at most.

    Quickly: delivered within a day, or settled before a reading that came in the last half hour for the last
    month. Thoroughly: all delivered slots, and readings of the last two weeks for whatever time.
    """
    ever = datetime.min.replace(tzinfo=at.tzinfo)
    first = {"at": at, "patience": at - PATIENCE, "since": ever if thoroughly else at - PATIENCE - MARGIN}
    again = {
        "received_since": at - (LOOK_BACK if thoroughly else JUST_NOW),
        "started_since": ever if thoroughly else at - DELIVERED_WITHIN,
    }
    slots: dict[int, list[int]] = defaultdict(list)
    for community_id, slot_id in [*_rows(TO_SETTLE, **first), *_rows(TO_SETTLE_AGAIN, **again)]:
        slots[community_id].append(slot_id)
    return [(community_id, found[:BATCH]) for community_id, found in sorted(slots.items())]


def _rows(statement: str, **given: datetime | int) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows: list[tuple[int, ...]] = cursor.fetchall()
    return rows


def next_free_slot(community: Community, at: datetime) -> datetime:
    """Start of the first slot whose orders are not written yet: what is decided now counts from there on."""
    last = (
        Slot.objects.filter(community=community, start__gt=at)
        .exclude(ordered_at__isnull=True, status=Slot.Status.OPEN)
        .order_by("-start")
        .values_list("end", flat=True)
        .first()
    )
    return last or _next_full_slot(community, at)
