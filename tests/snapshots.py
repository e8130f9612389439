"""Rows that many tests begin with: built once, and put back as they were for every other test that asks."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, Self

from django.db import connection, transaction

# As in `tests/conftest.py`, these are there before any test.
TABLES = """
SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
"""
COUNTERS = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences WHERE last_value > 0"
# Never back: what a test made before may still be remembered by its number.
COUNT_ON = "SELECT setval(%s::regclass, greatest(%s, coalesce(pg_sequence_last_value(%s::regclass), 1)))"


# A month of readings that was made by a test is gone with it.
MONTH = re.compile(r"metering_reading_(\d{4})_(\d{2})")


class Rows:
    """Everything that the tables hold at a moment."""

    def __init__(self, tables: dict[str, bytes], counters: list[tuple[str, int]]) -> None:
        self.tables, self.counters = tables, counters

    @classmethod
    def now(cls) -> Self:
        with _owner() as cursor:
            held = {table: _out(cursor, table) for table in _filled(cursor)}
            cursor.execute(COUNTERS)
            counters = cursor.fetchall()
        return cls(held, counters)

    def put_back(self) -> None:
        """Instead of whatever is there; as a restore does it, with no trigger looking."""
        with _owner() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in _filled(cursor):
                cursor.execute(f"DELETE FROM {table}")
            for table, content in self.tables.items():
                if month := MONTH.fullmatch(table):
                    cursor.execute(
                        "SELECT metering_make_month(%s)", [datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC)]
                    )
                with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                    copy.write(content)
            cursor.executemany(COUNT_ON, [(name, value, name) for name, value in self.counters])
            cursor.execute("SET LOCAL session_replication_role = origin")


@contextmanager
def _owner() -> Iterator[Any]:
    """As whom the tables belong to, and afterwards as whoever it was before."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        (role,) = cursor.fetchone()
        cursor.execute("RESET ROLE")
        yield cursor
        cursor.execute("SELECT set_config('role', %s, false)", [role])


def _filled(cursor: Any) -> list[str]:
    cursor.execute(TABLES)
    names = [name for (name,) in cursor.fetchall()]
    cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names))
    return [name for (name,) in cursor.fetchall()]


def _out(cursor: Any, table: str) -> bytes:
    with cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
        return b"".join(copy)


_kept: dict[tuple[Any, ...], tuple[Any, Rows]] = {}


def once(build: Callable[[], Any], *under: str) -> Any:
    """What `build` makes in empty tables: made for the first test that asks, its rows put back for all others.

    Tests under which it comes out otherwise say `under` what.
    """
    if (build, *under) not in _kept:
        made = build()
        _kept[build, *under] = deepcopy(made), Rows.now()
        return made
    made, rows = _kept[build, *under]
    rows.put_back()
    return deepcopy(made)
