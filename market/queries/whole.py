"""What a whole database holds, as a backup's manifest tells it."""

from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# `migrate` fills these by itself.
ALWAYS_FILLED = {"django_migrations", "django_content_type", "auth_permission"}
TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
"""
HEADS = """
SELECT DISTINCT ON (c.slug) c.slug, h.size, h.root FROM market_loghead h
    JOIN community_community c ON c.id = h.community_id ORDER BY c.slug, h.size DESC
"""


def server_major() -> int:
    """The server's major version."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def tables() -> list[str]:
    """Every table of the site; the months of a partitioned one count as one."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return [name for (name,) in cursor.fetchall()]


def rows_of_tables() -> dict[str, int]:
    """How many rows each table holds, counted."""
    counts = {}
    with connection.cursor() as cursor:
        for name in tables():
            cursor.execute(f"SELECT count(*) FROM public.{connection.ops.quote_name(name)}")  # noqa: S608 its own name
            counts[name] = int(cursor.fetchone()[0])
    return counts


def filled_tables() -> list[str]:
    """The tables that hold something which `migrate` did not put there."""
    found = []
    with connection.cursor() as cursor:
        for name in sorted(set(tables()) - ALWAYS_FILLED):
            cursor.execute(f"SELECT EXISTS (SELECT FROM public.{connection.ops.quote_name(name)})")  # noqa: S608
            if cursor.fetchone()[0]:
                found.append(name)
    return found


def newest_heads() -> dict[str, dict[str, Any]]:
    """The newest signed head of each community's log: entries and root, by the community's slug."""
    with connection.cursor() as cursor:
        cursor.execute(HEADS)
        return {slug: {"size": size, "root": root} for slug, size, root in cursor.fetchall()}


def applied_migrations() -> list[list[str]]:
    """Which migrations the tables have been through: app and name of each."""
    return sorted([app, name] for app, name in MigrationRecorder(connection).applied_migrations())


def known_migrations() -> set[tuple[str, str]]:
    """Which migrations this code brings: app and name of each."""
    return set(MigrationLoader(None).disk_migrations or ())
