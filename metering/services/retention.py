"""Removing what was measured once nobody may keep it any longer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet

from metering.models import IdempotentAnswer, MeterFile, Reading, RegisterReading
from metering.services.idempotency import KEPT

PARTITIONS = """
SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
WHERE inhparent = 'metering_reading'::regclass AND child.relname ~ '^metering_reading_[0-9]{4}_[0-9]{2}$'
"""


class Removed(NamedTuple):
    """How many rows (or whole tables) of a kind are gone, or would be."""

    what: str
    number: int


def remove_measured(*, cuts: Mapping[int, datetime], at: datetime, dry: bool) -> list[Removed]:
    """Remove readings from before each community's cut, what files held of them, and old answers of the API.

    `cuts` names every community that has meters: months of all of them go as whole tables. `dry` only counts.
    """
    old_answers = IdempotentAnswer.objects.filter(answered_at__lte=at - KEPT)
    # The whole tables go first: a row that goes with them need not be removed by itself.
    dropped = _drop_partitions(min(cuts.values()), dry=dry) if cuts else 0
    return [
        Removed("tables of a month of readings", dropped),
        *(Removed(name, removed(rows, dry=dry)) for name, rows in old_rows(cuts)),
        Removed("contents of meter files", empty_files(cuts, dry=dry)),
        Removed("answers to repeated calls", removed(old_answers, dry=dry)),
    ]


def old_rows(cuts: Mapping[int, datetime], home: int | None = None) -> list[tuple[str, QuerySet[Model]]]:
    """Readings and registers from before the cuts, of all homes or one.

    Of each dial the newest register before the cut stays: the energy after it is the difference from it.
    """
    path = "metering_point__household"
    own = Q() if home is None else Q(**{path: home})
    readings = Reading.objects.filter(_before(cuts, path, "start"), own)
    registers = RegisterReading.objects.filter(_before(cuts, path, "at"), own)
    newest = registers.order_by("metering_point", "channel", "-at", "-version").distinct(
        "metering_point", "channel"
    )
    kept = list(newest.values_list("pk", flat=True))
    return [("readings", readings), ("registers", registers.exclude(pk__in=kept))]


def removed(rows: QuerySet[Model], *, dry: bool) -> int:
    """Remove rows, or count them."""
    return rows.count() if dry else rows.delete()[0]


def empty_files(cuts: Mapping[int, datetime], *, dry: bool) -> int:
    """Empty files that came before the cuts, with their names: what they say is older still. That they came is
    remembered.
    """
    old = MeterFile.objects.filter(_before(cuts, "", "received_at")).exclude(content=b"")
    return old.count() if dry else old.update(content=b"", name="", size=0)


def _before(cuts: Mapping[int, datetime], path: str, time: str) -> Q:
    to_community = f"{path}__community" if path else "community"
    found = Q(pk__in=[])
    for community, cut in cuts.items():
        found |= Q(**{to_community: community, f"{time}__lt": cut})
    return found


@transaction.atomic
def _drop_partitions(before: datetime, *, dry: bool) -> int:
    """Drop the months (UTC) that ended by then for every community."""
    month = before.astimezone(UTC).replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS)
        names = [name for (name,) in cursor.fetchall() if name < f"metering_reading_{month:%Y_%m}"]
        for name in names if not dry else ():
            cursor.execute("SELECT metering_drop_month(%s)", [name])
    return len(names)
