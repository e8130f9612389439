"""Restoring a backup: one transaction takes everything away, puts it back and counts it, or does nothing."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection, connections

from config.programs.pg_programs import NoProgram, address, environment, program
from market.queries.whole import filled_tables, known_migrations, server_major
from market.services.backup import DUMP, BadBackup, Manifest, read_manifest

BEGIN = """
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '10s';
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


class RestoreFailed(Exception):
    """Nothing was restored and nothing was changed; the message says why."""


class HoldsData(RestoreFailed):
    """The database is not empty, and nobody said that it may be replaced."""


def restore(*, place: Path, replace: bool) -> Manifest:
    """Put a backup into the site's database; what it holds. Raises `BadBackup`, `HoldsData` and `RestoreFailed`.

    `place` is the backup's folder or a file in it. With `replace`, what the database holds is lost.
    """
    folder = place.parent if place.is_file() else place
    manifest = read_manifest(folder)
    newer = {(app, name) for app, name in manifest.migrations} - known_migrations()
    if newer:
        raise BadBackup(f"The backup is of a newer version: it knows {sorted(newer)[-1]}.")
    filled = filled_tables()
    if filled and not replace:
        raise HoldsData(f"The database holds data ({', '.join(filled[:3])}…). --replace throws them away.")
    major = server_major()
    if major < manifest.server:
        raise RestoreFailed(f"The backup is of PostgreSQL {manifest.server}, the server is {major}.")
    database = connection.settings_dict
    connections.close_all()
    _replay(folder / DUMP, manifest, major, database)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return manifest


def _replay(dump: Path, manifest: Manifest, major: int, database: Mapping[str, Any]) -> None:
    """Feed the dump to one session. COMMIT is said only once all of it was read and the rows were counted."""
    try:
        reader, client = program("pg_restore", major), program("psql", major)
    except NoProgram as error:
        raise RestoreFailed(str(error)) from error
    words = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={address(database)}"]
    with tempfile.TemporaryFile() as complaints:
        session = subprocess.Popen(
            [client, *words],
            env=environment(database),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        try:
            whole = _feed(
                session,
                [reader, "--no-owner", "--no-privileges", "--enable-row-security", "--file=-", dump],
                manifest.rows,
            )
        finally:
            # Without COMMIT the end of its input is the end of the transaction.
            code = session.wait()
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip()
    if code or not whole:
        raise RestoreFailed(said or "The dump could not be read.")


def _feed(session: "subprocess.Popen[bytes]", reader: list[str | Path], rows: Mapping[str, int]) -> bool:
    """Whether everything was handed to the session, to its COMMIT."""
    assert session.stdin is not None
    try:
        with session.stdin as words:
            words.write(BEGIN.encode())
            words.flush()
            if subprocess.run(reader, stdout=words, stderr=subprocess.DEVNULL, check=False).returncode:
                return False
            words.write(_counted(rows).encode())
    except BrokenPipeError:
        return False
    return True


def _counted(rows: Mapping[str, int]) -> str:
    """Ends the transaction, if every table holds as many rows as the manifest says."""
    checks = "\n".join(
        f"IF (SELECT count(*) FROM public.{name}) <> {count:d} THEN "  # noqa: S608 quoted names and numbers
        f"RAISE EXCEPTION 'A table does not hold the {count:d} rows of the manifest'; END IF;"
        for name, count in ((connection.ops.quote_name(table), count) for table, count in rows.items())
    )
    return f"DO $counted$ BEGIN\n{checks}\nEND $counted$;\nCOMMIT;\n"
