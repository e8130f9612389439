"""The locks of whoever stores what meters say, in one order, so that nobody waits for anybody in a circle.

First the months are made: PostgreSQL lets nobody write an upload meanwhile. Then the tables are held, so that no
month goes and none is made in between. Then come the meters, by their number.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from metering.models import MeteringPoint
from metering.services.partitions import ensure_partitions


@contextmanager
def storing(points: Collection[MeteringPoint], instants: Collection[datetime]) -> Iterator[None]:
    """A transaction that holds meters and the months of readings at these instants.

    The meter's row is the lock: two uploads for one meter come one after the other.
    """
    # By itself where no transaction is open yet: others wait for the month alone, and not for what is stored then.
    make_months(instants)
    with transaction.atomic():
        hold(points, instants)
        yield


def hold(points: Collection[MeteringPoint], instants: Collection[datetime] = ()) -> None:
    """Hold meters, and the months that exist with those of `instants`, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE ONLY metering_reading IN ROW EXCLUSIVE MODE")
        make_months(instants)  # one may have been removed as too old since
        cursor.execute("LOCK TABLE metering_upload IN ROW EXCLUSIVE MODE")
    numbers = {point.pk for point in points}
    list(MeteringPoint.objects.select_for_update(no_key=True).filter(pk__in=numbers).order_by("pk"))


def make_months(instants: Collection[datetime]) -> None:
    """Make the months that these instants span. Whoever calls it holds no meter and has written no upload yet."""
    if instants:
        ensure_partitions(min(instants), max(instants))
