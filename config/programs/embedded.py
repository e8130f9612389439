"""The servers that Azotea brings along when the operator names none: PostgreSQL 18 and Valkey 9.

Both come as ordinary Python wheels. They keep their files in one git-ignored data folder and listen on a local
socket (PostgreSQL) and on loopback (Valkey) only. `provide_environment` sets what the settings read.

Who uses the servers holds a shared file lock; the last one to leave stops them. The kernel frees a lock with its
process, however that ends, so there is no such thing as a stale one.
"""

import atexit
import fcntl
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from config import virtual_time
from config.programs.processes import CannotStart

DATA_DIR = Path(os.environ.get("AZOTEA_DATA") or Path(__file__).resolve().parents[2] / ".azotea").absolute()
# Commands that read code, not data, so that a bare checkout can be linted without any server.
NEED_NO_SERVER = {
    *("check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "makemessages", "makemigrations"),
    *("make_push_keys", "spectacular", "startapp", "help", "version", "--version", "--help", "-h"),
}
ENOUGH_SPACE = 500 * 1024 * 1024

# The locks of this process, by data folder; dropped (and so freed) when it leaves.
_places: dict[Path, IO[str]] = {}


def provide_environment(command: list[str]) -> None:
    """Start the embedded servers for one command of manage.py, unless an operator named his own."""
    if os.environ.get("DATABASE_URL") or not command or command[0] in NEED_NO_SERVER:
        return
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        os.environ.update(start(DATA_DIR))
    except CannotStart as error:
        raise SystemExit(str(error)) from error
    os.environ.update(virtual_time.of_a_command(DATA_DIR, demo_runs=is_held(DATA_DIR / "lock")))
    atexit.register(leave, DATA_DIR)


def start(folder: Path, *, hasty: bool = False, dies_with_us: bool = False) -> dict[str, str]:
    """Start (or join) both servers in `folder`; the environment that points at them. Raises `CannotStart`.

    `hasty` servers survive no power cut, but are fast. Servers that die with this process end when it does,
    even if it is killed; others go on until `leave` or `stop`.
    """
    check(folder)
    try:
        with _alone(folder / "servers.starting"):
            keep = _secrets(folder / "secrets.json")
            password = keep.pop("VALKEY_PASSWORD")
            servers = _start_both(folder, password, hasty=hasty, dies_with_us=dies_with_us)
            _write_for_owner(folder / "servers.json", servers)
            _take_place(folder)
        static = _static_folder(folder)
    except OSError as error:
        raise CannotStart(
            f"{folder} cannot be used ({error}). Choose another folder with AZOTEA_DATA=…"
        ) from error
    return {
        "AZOTEA_EMBEDDED": "1",
        "STATIC_ROOT": str(static),
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],testserver",
        **servers,
        **keep,
    }


def _start_both(folder: Path, password: str, *, hasty: bool, dies_with_us: bool) -> dict[str, str]:
    # Imported here, as whoever names a database of his own needs neither.
    from config.programs import postgres, valkey

    logs = folder / "log"
    database = postgres.start(folder / "postgres", logs / "postgres.log", hasty=hasty, dies_with_us=dies_with_us)
    broker = valkey.start(
        folder / "valkey",
        logs / "valkey.log",
        password=password,
        before=_addresses(folder).get("REDIS_URL", ""),
        hasty=hasty,
        dies_with_us=dies_with_us,
    )
    return {"DATABASE_URL": database, "REDIS_URL": broker}


def _addresses(folder: Path) -> dict[str, str]:
    """Where both servers are, or were when they last ran."""
    note = folder / "servers.json"
    addresses: dict[str, str] = json.loads(note.read_text()) if note.exists() else {}
    return addresses


def revive(folder: Path) -> list[str]:
    """Start again what ended by itself; the names of what did."""
    from config.programs import postgres, valkey

    ended = [] if postgres.is_running(folder / "postgres") else ["PostgreSQL"]
    ended += [] if valkey.answers(_addresses(folder)["REDIS_URL"]) else ["Valkey"]
    if ended:
        start(folder, dies_with_us=True)
    return ended


def leave(folder: Path) -> None:
    """Give up the servers; whoever is the last to do so stops them."""
    with _alone(folder / "servers.starting"):
        _places.pop(folder).close()
        if not is_held(folder / "servers.lock"):
            _stop(folder)


def stop(folder: Path) -> None:
    """Stop both servers, whoever else may use them."""
    if not (folder / "servers.starting").exists():
        return
    with _alone(folder / "servers.starting"):
        _stop(folder)
        if folder in _places:
            _places.pop(folder).close()


def _stop(folder: Path) -> None:
    from config.programs import postgres, valkey

    broker = _addresses(folder).get("REDIS_URL")
    if broker:
        valkey.stop(broker)
    postgres.stop(folder / "postgres")


def check(folder: Path) -> None:
    """Whether files can be kept there. Raises `CannotStart`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        for path in (folder / "secrets.json", folder / "servers.starting", folder / "log"):
            if path.exists() and not os.access(path, os.W_OK):
                raise PermissionError(0, f"{path.name} belongs to somebody else")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise CannotStart(
            f"Cannot write to {folder} ({error.strerror}). Choose another folder with AZOTEA_DATA=…"
        ) from error
    if free < ENOUGH_SPACE:
        raise CannotStart(
            f"Only {free // 2**20} MB are free for {folder}; Azotea needs {ENOUGH_SPACE // 2**20} MB. "
            "Make room or choose another folder with AZOTEA_DATA=…"
        )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time starts or stops servers."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _take_place(folder: Path) -> None:
    if folder not in _places:
        place = (folder / "servers.lock").open("a")
        fcntl.flock(place, fcntl.LOCK_SH)
        _places[folder] = place


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock `path`."""
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _static_folder(folder: Path) -> Path:
    """Where collected static files would be; here they come straight from the checkout."""
    static = folder / "static"
    static.mkdir(exist_ok=True)
    return static


def _secrets(path: Path) -> dict[str, str]:
    """Secrets of this data folder, generated at its first start and readable by its owner only."""
    values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = {"SECRET_KEY", "TOKEN_PEPPER", "SEALING_KEYS", "VALKEY_PASSWORD"} - values.keys()
    if missing:
        values |= {name: secrets.token_urlsafe(48) for name in sorted(missing)}
        _write_for_owner(path, values)
    return values


def _write_for_owner(path: Path, values: dict[str, str]) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(values))
    fresh.replace(path)


__all__ = [
    "DATA_DIR",
    "CannotStart",
    "check",
    "is_held",
    "leave",
    "provide_environment",
    "revive",
    "start",
    "stop",
]
