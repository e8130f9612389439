"""What an agent works with: fresh forecasts, meters and batteries that report, sane prices."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from community.models import Community
from market.agents.fallback import SILENT_AFTER_MINUTES, Health
from market.models import Forecast
from market.queries.accuracy import latest_error_pct
from market.queries.due import RENEW_FORECASTS_EVERY

USUAL_WITHIN = timedelta(days=14)

# A meter's usual delay is the median of what its forecasts had to do without; a home that never sent anything
# is not silent, only unknown. The newest reading is found at the end of its index, whatever else is stored.
SILENT = """
WITH usual AS (
    SELECT f.household_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY f.issued_at - f.known_until) AS delay
    FROM market_forecast f JOIN community_household h ON h.id = f.household_id
    WHERE h.community_id = %(community)s AND f.issued_at > %(usual_since)s AND f.issued_at <= %(at)s
        AND f.known_until IS NOT NULL
    GROUP BY f.household_id
),
heard AS (
    SELECT p.household_id, min(r.until) AS until
    FROM metering_meteringpoint p JOIN community_household h ON h.id = p.household_id
    CROSS JOIN LATERAL (
        SELECT start + make_interval(mins => resolution_minutes) AS until FROM metering_reading
        WHERE metering_point_id = p.id AND channel = 'import' AND start <= %(at)s ORDER BY start DESC LIMIT 1
    ) AS r
    WHERE h.community_id = %(community)s GROUP BY p.household_id
)
SELECT count(*),
    count(*) FILTER (WHERE h.until + greatest(coalesce(u.delay, '0'), '0') + %(patience)s < %(at)s)
FROM heard h LEFT JOIN usual u ON u.household_id = h.household_id
"""
# The price that a kWh had among neighbours on the last day, if no retailer of theirs would charge or pay it.
STRANGE_PRICE = """
WITH band AS (
    SELECT min(v.feed_in_ueur_kwh) AS lowest,
        max(greatest(v.import_p1_ueur_kwh, v.import_p2_ueur_kwh, v.import_p3_ueur_kwh)) AS highest
    FROM community_supplycontract c JOIN community_household h ON h.id = c.household_id
        JOIN community_tariffversion v ON v.tariff_id = c.tariff_id
    WHERE h.community_id = %(community)s
)
SELECT s.price_ueur_kwh FROM market_slot s CROSS JOIN band b
WHERE s.community_id = %(community)s AND s.start > %(at)s - interval '1 day' AND s.start <= %(at)s
    AND (s.price_ueur_kwh < b.lowest OR s.price_ueur_kwh > b.highest)
    AND NOT EXISTS ( -- a price by the hour may be anything
        SELECT FROM community_supplycontract c JOIN community_household h ON h.id = c.household_id
            JOIN community_offerterms t ON t.tariff_id = c.tariff_id
        WHERE h.community_id = %(community)s AND (t.index <> '' OR t.surplus_kind <> 'fixed')
    )
ORDER BY s.start DESC LIMIT 1
"""
LAST_REPORTS = """
SELECT device_id, max(at) FROM community_devicestate WHERE device_id = ANY(%s) AND at <= %s GROUP BY device_id
"""


def community_health(community: Community, forecasts: Iterable[Forecast], at: datetime) -> Health:
    """What is common to all homes of a community at `at`; `forecasts` are the newest that were found."""
    issued = max((forecast.issued_at for forecast in forecasts), default=None)
    step = timedelta(minutes=community.slot_minutes)
    overdue = None if issued is None else max((at - issued - RENEW_FORECASTS_EVERY) // step, 0)
    patience = timedelta(minutes=SILENT_AFTER_MINUTES)
    given: dict[str, Any] = {
        "community": community.pk,
        "at": at,
        "usual_since": at - USUAL_WITHIN,
        "patience": patience,
    }
    with connection.cursor() as cursor:
        cursor.execute(SILENT, given)
        homes, silent = cursor.fetchone()
        cursor.execute(STRANGE_PRICE, given)
        strange = cursor.fetchone()
    return Health(
        overdue_slots=overdue,
        homes=homes,
        silent=silent,
        error_pct=latest_error_pct(community.pk, at.astimezone(community.zone).date()),
        price_ueur_kwh=None if strange is None else strange[0],
    )


def silent_minutes(batteries: Sequence[int], at: datetime) -> dict[int, int]:
    """Minutes since the last report of batteries that lack a fresh one; never heard of ones are left out."""
    if not batteries:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LAST_REPORTS, [list(batteries), at])
        rows = cursor.fetchall()
    return {device: int((at - last) / timedelta(minutes=1)) for device, last in rows}
