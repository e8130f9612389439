"""Walls around communities and people, and a role of the site that cannot pass them: the owner puts them up."""

from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from psycopg import sql
from psycopg.errors import DuplicateObject, InsufficientPrivilege, UniqueViolation

from config.person_walls import person_walls, raised_for_people
from config.walls import SITE_ROLE, raised, walls

ROLE = """
SELECT rolsuper OR rolbypassrls, EXISTS (
    SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND pg_has_role(r.oid, relowner, 'USAGE')
) FROM pg_roles r WHERE rolname = %s
"""
# Tables, and whether all their rows are final: then nothing but adding is granted. Months of readings are reached
# through their table alone, where the wall is.
TABLES = """
SELECT c.relname, EXISTS (
    SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = c.oid AND p.proname = 'market_booking_is_final'
        AND t.tgqual IS NULL AND t.tgtype & 24 = 24 -- of every row, for UPDATE and DELETE
) FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname
"""
# What the site reads, adds to, or adds to and lets go of when its time is over.
NARROWER = {"django_migrations": "SELECT", "community_auditevent": "SELECT, INSERT, DELETE"}
STANDING = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity AND relforcerowsecurity
"""
RUN_IT = "Run `manage.py secure_database` as the tables' owner."
FINAL, USUAL = "SELECT, INSERT", "SELECT, INSERT, UPDATE, DELETE"


class CannotSecure(Exception):
    """The walls or the role are not as they should be; the message names the cure."""


def secure(*, role: str, create: bool) -> int:
    """Put up every wall and grant the role what the site needs, all or nothing; how many walls there are.

    With `create` the role is made if there is none: it may log in, once it has a password. Raises `CannotSecure`.
    """
    if create:
        _create(role)
    try:
        with transaction.atomic():
            _check(role)
            with connection.cursor() as cursor:
                found, people = walls(apps), person_walls(apps)
                statements = [s for wall in found for s in raised(wall)]
                for statement in statements + [s for wall in people for s in raised_for_people(wall)]:
                    cursor.execute(statement)
            _grant(role)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        raise CannotSecure(f"{error}. Run this as the owner of the database's tables.") from error
    return len(found) + len(people)


def _create(role: str) -> None:
    statement = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ROLE, [role])
            if cursor.fetchone() is None:
                cursor.execute(statement.format(sql.Identifier(role)))
    except Exception as error:
        # Somebody else, for another database of the same server, was faster.
        if not isinstance(error.__cause__, DuplicateObject | UniqueViolation):
            raise CannotSecure(f"The role {role} could not be made: {error}") from error


def _check(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ROLE, [role])
        found = cursor.fetchone()
    if found is None:
        raise CannotSecure(
            f"There is no role {role}. Make it with --create, or as an administrator of the server: "
            f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '…';"
        )
    passes, owns = found
    if passes:
        raise CannotSecure(f"{role} passes every wall: ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS;")
    if owns:
        raise CannotSecure(f"{role} owns tables, or may act as their owner. The site needs a role of its own.")


def _grant(role: str) -> None:
    """Take everything back, then grant table by table, so that what is no longer needed goes."""
    name = sql.Identifier(role)
    with connection.cursor() as cursor:
        for kind in ("TABLES", "SEQUENCES"):
            cursor.execute(sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA public FROM {}").format(sql.SQL(kind), name))
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
        cursor.execute(TABLES)
        for table, final in cursor.fetchall():
            rights = NARROWER.get(table, FINAL if final else USUAL)
            cursor.execute(
                sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), sql.Identifier("public", table), name)
            )


def openings() -> list[tuple[int, str, str]]:
    """What lets this very connection pass: a number, what it is, and its cure."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        role = cursor.fetchone()[0]
        cursor.execute(ROLE, [role])
        passes, owns = cursor.fetchone()
        cursor.execute(STANDING)
        needed = {wall.table for wall in walls(apps)} | {wall.table for wall in person_walls(apps)}
        missing = sorted(needed - {table for (table,) in cursor.fetchall()})
    found = []
    if passes:
        found.append((1, f"{role} passes the walls around communities and people.", f"Connect as {SITE_ROLE}."))
    elif owns:
        found.append((2, f"{role} owns tables and could take their walls down.", f"Connect as {SITE_ROLE}."))
    if missing:
        found.append((3, f"{len(missing)} tables have no wall: {', '.join(missing[:3])}…", RUN_IT))
    return found
