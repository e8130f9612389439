"""A year of quarter-hours in a database: one street lives through a day as production does, the year repeats it.

The day is lived with production's own services: orders, clearing, set-points, answers, readings, settlement,
entries, log. Its rows are then copied straight into the tables, day by day from the oldest on: every instant is
moved, and so is every key, so that each copy hangs together as the first day does. Other streets are the first
one once more, under keys of their own. Checks of foreign keys and balances rest meanwhile; copies keep both.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

NOW = datetime(2026, 11, 26, 15, 7, tzinfo=UTC)  # a Thursday, 16:07 in Madrid
LIVED = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # Wednesday's midnight in Madrid: the day that is copied
A_DAY = timedelta(days=1)
# Keys of copies: so far apart that no day and no street meets another.
DAY, STREET = 10**8, 10**12
# What a street is, and which of its columns have to differ.
STREETS: dict[str, dict[str, str]] = {
    "community.Community": {"slug": "slug || '-' || %(street)s", "name": "name || ' ' || %(street)s"},
    "community.Feeder": {},
    "community.Node": {},
    "community.Line": {},
    "community.Household": {"member_id": "NULL"},
    "community.Device": {},
    "community.SupplyContract": {},
    "metering.MeteringPoint": {
        "public_id": "gen_random_uuid()",
        "cups_lookup": "left(cups_lookup, 60) || lpad(%(street)s::text, 4, '0')",  # the sealed code stays as it is
    },
    "market.Mandate": {"given_by_id": "NULL"},
    "market.Account": {},
}  # fmt: skip
# What a day of it leaves behind: which rows are the day's.
OF_SLOTS = "slot_id IN (SELECT id FROM day_slot)"
METERED: dict[str, str] = {
    "metering.Reading": "start >= %(first)s AND start < %(until)s",
    "metering.Upload": "id IN (SELECT upload_id FROM day_reading)",
}
TRADED: dict[str, str] = {
    "market.Slot": "start >= %(first)s AND start < %(until)s",
    "market.Order": OF_SLOTS,
    "market.Outcome": OF_SLOTS,
    "market.Trade": OF_SLOTS,
    "market.SetPoint": OF_SLOTS,
    "market.Acknowledgement": OF_SLOTS,
    "market.Settlement": OF_SLOTS,
    "market.SettledHome": "settlement_id IN (SELECT id FROM day_settlement)",
    "market.Entry": "settlement_id IN (SELECT id FROM day_settlement)",
    "market.Posting": "entry_id IN (SELECT id FROM day_entry)",
    "market.LogLeaf": "settlement_id IN (SELECT id FROM day_settlement)",
    "market.Forecast": "issued_at >= %(first)s AND issued_at < %(until)s",
    "market.PlanStep": "planned_at >= %(first)s AND planned_at < %(until)s",
    "community.DeviceState": "at >= %(first)s AND at < %(until)s",
}


def live(homes: int, *, at: datetime = NOW) -> Any:
    """A street of so many homes, lived from the day's midnight to `at`; the community."""
    from community.feeder_files import read_feeder
    from market.demo import build as demo
    from market.demo.history import live_through
    from market.services.settle import settle_due

    facts = neighbourhood(homes)
    copies = -(-homes // 12)
    with (
        patch("community.demo.neighbourhood.HOMES", facts),
        patch("market.demo.build.read_feeder", lambda _content: read_feeder(feeder(demo.FEEDER, copies))),
        patch("community.demo.neighbourhood.IMPORT_LIMIT_W", 1_000 * homes),
        patch("community.demo.neighbourhood.EXPORT_LIMIT_W", 750 * homes),
    ):
        community, _logins = demo.build(at=LIVED - A_DAY)
        _founded_earlier(community)
        live_through(community, LIVED, at, lambda _start: None)
    while settle_due(community=community, at=at):
        pass
    return community


def _founded_earlier(community: Any) -> None:
    """Rules and members from before the first copy on; contracts are a year older than the street already."""
    from django.db import connection

    from community.models import Community, Member
    from market.models import Mandate

    begun = LIVED - 366 * A_DAY
    Community.objects.filter(pk=community.pk).update(created_at=begun)
    Member.objects.filter(community=community).update(joined_at=begun)
    with connection.cursor() as cursor, unchecked(cursor):  # what was permitted never changes otherwise
        Mandate.objects.filter(household__community=community).update(valid_from=begun)


def neighbourhood(homes: int) -> tuple[Any, ...]:
    """The demo's homes again and again, each with a name, a resident and a connection of its own."""
    from community.demo.neighbourhood import HOMES

    found = []
    for number in range(homes):
        copy, which = divmod(number, len(HOMES))
        home = HOMES[which]
        resident = f"{home.resident or 'Nadie'} {copy}".replace(" ", f"{number} ", 1)
        found.append(
            replace(
                home, name=f"{home.name}, {copy}", resident=resident, node=f"{home.node}x{copy}",
                admin=home.admin and copy == 0,
            )
        )  # fmt: skip
    return tuple(found)


def feeder(path: Path, copies: int) -> bytes:
    """The demo's cables several times behind one transformer that is as much stronger."""
    said = json.loads(path.read_text())
    root, plate = said["transformer"]["to"], said["transformer"]
    plate |= {"s_kva": plate["s_kva"] * copies}
    plate |= {name: plate[name] / copies for name in ("r_ohm_lv", "x_ohm_lv")}

    def named(code: str, copy: int) -> str:
        return code if code == root else f"{code}x{copy}"

    buses = [bus for bus in said["buses"] if bus["id"] == root]
    lines = []
    for copy in range(copies):
        buses += [bus | {"id": named(bus["id"], copy)} for bus in said["buses"] if bus["id"] != root]
        lines += [
            line | {"id": f"{line['id']}x{copy}", "frm": named(line["frm"], copy), "to": named(line["to"], copy)}
            for line in said["lines"]
        ]
    return json.dumps(said | {"buses": buses, "lines": lines, "loads": [], "pv": [], "storage": []}).encode()


def copy_year(days: int, streets: int, traded: int) -> None:
    """The lived day on `days` − 1 days before it, in so many streets; `traded` of them with all that a market
    writes, the others with their readings."""
    from django.db import connection

    from metering.services.partitions import ensure_partitions

    ensure_partitions(LIVED - days * A_DAY, LIVED)
    begun = time.perf_counter()
    with connection.cursor() as cursor, unchecked(cursor):
        for label in STREETS:
            for street in range(1, streets):
                cursor.execute(*copied(label, _table(label), 0, street))
        for label, rule in {**_in_order(), **METERED}.items():
            span = {"first": LIVED, "until": LIVED + A_DAY}
            cursor.execute(f"CREATE TEMP TABLE {_day(label)} AS SELECT * FROM {_table(label)} WHERE {rule}", span)
        for back in range(days - 1, -1, -1):
            for street in range(streets):
                for label in {**METERED, **(TRADED if street < traded else {})}:
                    if back or street:
                        cursor.execute(*copied(label, _day(label), back, street))
            if back % 73 == 0:
                spent = time.perf_counter() - begun
                print(f"  {days - back} of {days} days copied, {spent:.0f} s", file=sys.stderr, flush=True)
        cursor.execute("VACUUM ANALYZE")


def _in_order() -> dict[str, str]:
    """Readings first: uploads are told from them."""
    return {"metering.Reading": METERED["metering.Reading"], **TRADED}


@contextmanager
def unchecked(cursor: Any) -> Iterator[None]:
    """Without triggers, of which PostgreSQL would keep one a row in memory until the end."""
    cursor.execute("SET session_replication_role = replica")
    yield
    cursor.execute("SET session_replication_role = origin")


def copied(label: str, source: str, back: int, street: int) -> tuple[str, dict[str, Any]]:
    """SQL that writes the rows of `source` so many days back into another street, with its parameters."""
    from django.apps import apps
    from django.db.models import DateField, DateTimeField

    model = apps.get_model(label)
    moved = {apps.get_model(one) for one in (*STREETS, *TRADED, *METERED)}
    daily = {apps.get_model(one) for one in (*TRADED, *METERED)}
    values = {}
    for field in model._meta.concrete_fields:
        if field.column is None:
            continue
        target = field.related_model if field.is_relation else model if field.primary_key else None
        value = f'"{field.column}"'
        if target in moved:
            value += " - %(day)s + %(street_key)s" if target in daily else " + %(street_key)s"
        elif isinstance(field, DateTimeField) and model in daily:
            value += " - %(back)s"
        elif isinstance(field, DateField) and model in daily:
            value += " - %(days)s"
        values[f'"{field.column}"'] = value
    values |= {f'"{name}"': value for name, value in STREETS.get(label, {}).items() if street}
    if label == "metering.Upload":
        values['"public_id"'] = "gen_random_uuid()"
    if label == "market.LogLeaf":  # the log's running numbers
        values |= {f'"{name}"': f"{name} - %(day)s" for name in ("seq", "number")}
    names = {
        "day": back * DAY, "street_key": street * STREET, "back": back * A_DAY, "days": back, "street": street,
    }  # fmt: skip
    # Of a street's own tables only what belongs to the first one.
    only = " WHERE id < %(own)s" if label in STREETS else ""
    query = f"INSERT INTO {_table(label)} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {source}"
    return query + only, names | {"own": STREET}


def close_months(community: Any, *, at: datetime = NOW) -> None:
    """Statements of every month that is over, with rent given back and virtual batteries lived on."""
    from market.services.closing import close_due_months

    close_due_months(community=community, at=at)


def rows_and_bytes() -> tuple[int, int]:
    """Rows in all tables, by the planner's count, and the size of the database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(reltuples) FILTER (WHERE relkind = 'r'), pg_database_size(current_database()) "
            "FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        )
        rows, size = cursor.fetchone()
    return int(rows), int(size)


def _table(label: str) -> str:
    from django.apps import apps

    return str(apps.get_model(label)._meta.db_table)


def _day(label: str) -> str:
    return f"day_{label.partition('.')[2].lower()}"
