"""PostgreSQL's own programs for whole databases: `pg_dump`, `pg_restore` and `psql`, as new as the server.

An older program cannot read a newer server, and what a newer one writes an older server may not take; so only
those of the server's own major version are used: the operator's, or those that come with the embedded server.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo

from config.programs.processes import CannotStart


class NoProgram(Exception):
    """PostgreSQL's programs of the server's version are not here; the message names the cure."""


def program(name: str, major: int) -> Path:
    """Where the program of the server's major version is. Raises `NoProgram`."""
    for path in _places(name, major):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"\) (\d+)", said)
        if version is not None and int(version[1]) == major:
            return path
    raise NoProgram(f"{name} of PostgreSQL {major} is not installed here; name its folder with PG_BIN=…")


def _places(name: str, major: int) -> Iterator[Path]:
    folders = (os.environ.get("PG_BIN"), os.environ.get("PATH"), f"/usr/lib/postgresql/{major}/bin")
    for folder in filter(None, folders):
        found = shutil.which(name, path=folder)
        if found is not None:
            yield Path(found)
    # Imported here, as whoever names a database of his own need not have the wheel.
    from config.programs import postgres

    try:
        own = postgres.programs() / name
    except CannotStart:
        return
    if own.exists():
        yield own


def address(database: Mapping[str, Any]) -> str:
    """Where Django's database is, in libpq's words; without the password, as others may read a command line."""
    keys = {"dbname": "NAME", "user": "USER", "host": "HOST", "port": "PORT"}
    given = {name: str(database[key]) for name, key in keys.items() if database.get(key)}
    # Timeouts and the like are meant for the site's own connections.
    options = {name: value for name, value in database["OPTIONS"].items() if name.startswith("ssl")}
    return make_conninfo("", **given, **options)


def environment(database: Mapping[str, Any]) -> dict[str, str]:
    """The environment of such a program, with the password if there is one."""
    password = str(database.get("PASSWORD") or "")
    # Of all communities: a backup of what one may see is none.
    scope = {"PGOPTIONS": "-c app.community=*"}
    return {**os.environ, **scope, **({"PGPASSWORD": password} if password else {})}
