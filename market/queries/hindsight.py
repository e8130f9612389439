"""Closed months that nobody has looked back at yet, and what was found."""

from datetime import date, datetime, timedelta

from django.db import connection

from market.models import Hindsight

# Older months are history; their readings may be in cold storage and their tariffs long gone.
LOOKED_BACK_AT = timedelta(days=100)
DUE = """
SELECT DISTINCT h.community_id, s.month FROM market_statement s JOIN community_household h ON h.id = s.household_id
WHERE s.month >= %(since)s AND s.issued_at <= %(at)s AND NOT EXISTS (
    SELECT FROM market_hindsight b WHERE b.community_id = h.community_id AND b.month = s.month
) ORDER BY s.month, h.community_id
"""


def due_to_look_back(at: datetime) -> list[tuple[int, date]]:
    """Communities and their closed months, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"since": (at - LOOKED_BACK_AT).date(), "at": at})
        rows: list[tuple[int, date]] = cursor.fetchall()
    return rows


def hindsight_of(community_id: int, month: date) -> Hindsight | None:
    """What looking back at a month found, if it had a whole week."""
    return Hindsight.objects.filter(community=community_id, month=month, weeks__gt=0).first()
