"""Monthly partitions of the readings table."""

from datetime import UTC, datetime

from django.db import connection

# Any number will do as long as nobody else uses it: it makes two uploads create a month one after the other.
LOCK = 20_261_123


def ensure_partitions(first: datetime, last: datetime) -> None:
    """Create the months (UTC) that `first` to `last` fall into, where they do not exist yet."""
    month = first.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = last.astimezone(UTC)
    with connection.cursor() as cursor:
        while month <= last:
            following = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
            name = f"metering_reading_{month:%Y_%m}"
            cursor.execute("SELECT to_regclass(%s) IS NULL", [name])
            (missing,) = cursor.fetchone() or (False,)
            if missing:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
                cursor.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF metering_reading "
                    f"FOR VALUES FROM ('{month.isoformat()}') TO ('{following.isoformat()}')"
                )
            month = following
