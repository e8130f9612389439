"""Monthly partitions of the readings table."""

from datetime import UTC, datetime

from django.db import connection


def ensure_partitions(first: datetime, last: datetime) -> None:
    """Create the months (UTC) that `first` to `last` fall into, where they do not exist yet.

    The tables belong to the database's owner, whose function makes them; two uploads make a month one after the
    other.
    """
    month = first.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = last.astimezone(UTC)
    with connection.cursor() as cursor:
        while month <= last:
            cursor.execute("SELECT to_regclass(%s) IS NULL", [f"metering_reading_{month:%Y_%m}"])
            (missing,) = cursor.fetchone() or (False,)
            if missing:
                cursor.execute("SELECT metering_make_month(%s)", [month])
            month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
