"""A database with all tables, without migrating each time anew: that takes a quarter of a minute, reading a dump a second.

The dump lies in the virtual environment, under a name made of everything that it depends on, so that a changed
migration or model makes another one. Whoever has none yet migrates and keeps it.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from config.programs import pg_programs

ROOT = Path(__file__).resolve().parents[1]
MAKES_THE_TABLES = ("*/migrations/*.py", "*/models/*.py", "config/*.py", "metering/cups.py", "requirements.txt")
TEMPLATE = "azotea_migrated"


def dump() -> Path:
    """Where the dump of this checkout's tables is, or will be."""
    made_of = hashlib.sha256()
    for pattern in MAKES_THE_TABLES:
        for file in sorted(ROOT.glob(pattern)):
            content = file.read_bytes()
            made_of.update(f"{file.relative_to(ROOT)} {len(content)} ".encode() + content)
    return Path(sys.prefix) / "tests-database" / f"{made_of.hexdigest()[:20]}.sql"


def fill() -> None:
    """Make all tables in the empty database that is connected to."""
    file = dump()
    if file.exists():
        _run("psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--file={file}")
        return
    call_command("migrate", verbosity=0)
    with suppress(OSError):  # a virtual environment that only others may write to: the next run migrates, too
        _keep(file)


def _keep(file: Path) -> None:
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    file.parent.mkdir(exist_ok=True)
    _run("pg_dump", "--no-owner", f"--file={fresh}")
    fresh.replace(file)


def _run(name: str, *words: str) -> None:
    database = connection.settings_dict
    path = pg_programs.program(name, connection.pg_version // 10_000)
    command = [path, *words, f"--dbname={pg_programs.address(database)}"]
    subprocess.run(command, env=pg_programs.environment(database), check=True, stdout=subprocess.DEVNULL)


def template() -> str:
    """The name of a database with all tables on the tests' server; whichever worker comes first makes it."""
    with (Path(os.environ["AZOTEA_DATA"]) / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [TEMPLATE])
            if not cursor.rowcount:
                cursor.execute(f"CREATE DATABASE {TEMPLATE}_half")
                _fill(f"{TEMPLATE}_half")
                cursor.execute(f"ALTER DATABASE {TEMPLATE}_half RENAME TO {TEMPLATE}")
    return TEMPLATE


def _fill(name: str) -> None:
    connection.close()
    before, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    try:
        fill()
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
