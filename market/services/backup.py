"""Backups: all tables at one instant in PostgreSQL's own format, with a manifest that says what must be in it.

A folder is complete or does not carry its name: it is written beside its place and moved there in the end.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from config.programs.pg_programs import NoProgram, address, environment, program
from market.queries.whole import applied_migrations, newest_heads, rows_of_tables, server_major

FORMAT = 1
DUMP, MANIFEST = "database.dump", "manifest.json"
OWNER_ONLY = 0o600
TABLE = re.compile(r"[a-z][a-z0-9_]*")


class BackupFailed(Exception):
    """No backup was made; the message says why."""


class BadBackup(ValueError):
    """The folder holds no backup, or not the one that was made."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: server version, migrations, rows of tables, heads of logs, SHA-256 of files."""

    format: int
    made_at: str
    server: int
    migrations: list[list[str]]
    rows: dict[str, int]
    heads: dict[str, dict[str, Any]]
    files: dict[str, str]


def back_up(*, folder: Path, at: datetime) -> Path:
    """Write a backup of all tables as they are at one instant; the new folder. Raises `BackupFailed`.

    The rows are counted in the very snapshot that is dumped, so the counts hold even while others write.
    """
    place = folder / f"azotea-{at:%Y%m%dT%H%M%SZ}"
    if place.exists():
        raise BackupFailed(f"{place} is there already.")
    fresh = place.with_name(f"{place.name}.unfinished")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(mode=0o700, parents=True)
        with transaction.atomic(durable=True):
            manifest = _dumped(fresh, at)
        _write(fresh / MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
        fresh.replace(place)
    except (OSError, NoProgram) as error:
        raise BackupFailed(str(error)) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return place


def _dumped(fresh: Path, at: datetime) -> Manifest:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # This session only lends its view, and is idle for as long as the dump takes.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
    rows = rows_of_tables()
    _dump(fresh / DUMP, snapshot, connection.settings_dict)
    return Manifest(
        format=FORMAT,
        made_at=at.isoformat(),
        server=server_major(),
        migrations=applied_migrations(),
        rows=rows,
        heads=newest_heads(),
        files={DUMP: digest(fresh / DUMP)},
    )


def _dump(file: Path, snapshot: str, database: Mapping[str, Any]) -> None:
    file.touch(mode=OWNER_ONLY)
    path = program("pg_dump", server_major())
    words = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}"]
    # An owner is bound by the walls like everybody (unless it is a superuser), and sees all with the scope of all.
    words.append("--enable-row-security")
    done = subprocess.run(
        [path, *words, f"--dbname={address(database)}"],
        env=environment(database),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupFailed(done.stderr.strip())
    with file.open("rb+") as written:
        os.fsync(written.fileno())


def _write(file: Path, content: bytes) -> None:
    file.touch(mode=OWNER_ONLY)
    with file.open("wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())


def digest(file: Path) -> str:
    """A file's SHA-256 in hexadecimal."""
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


def read_manifest(place: Path) -> Manifest:
    """A backup's manifest, once every file is found to be the one that was written. Raises `BadBackup`."""
    try:
        said = json.loads((place / MANIFEST).read_bytes())
        manifest = Manifest(**said)
    except (OSError, ValueError, TypeError) as error:
        raise BadBackup(f"{place} holds no backup: {error}") from error
    if manifest.format != FORMAT or set(manifest.files) != {DUMP}:
        raise BadBackup(f"{place} was made by another version of Azotea.")
    if not all(TABLE.fullmatch(name) and type(count) is int for name, count in manifest.rows.items()):
        # They are written into what is said to PostgreSQL, and its client takes more than that for a command.
        raise BadBackup(f"{place} counts the rows of what is no table.")
    for name, expected in manifest.files.items():
        file = place / name
        if not file.is_file() or digest(file) != expected:
            raise BadBackup(f"{file} is missing or is not the file that was written.")
    return manifest
