"""`python -m config.supervisor`: the whole site on one machine, for a demo or a first look.

Starts the embedded servers, brings database and demo up to date, then keeps web server, Celery worker, Celery
beat and the demo's gateway running until Ctrl-C. In production a process manager does this (docs/operations.md).
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from config import virtual_time
from config.programs import embedded, postgres
from config.programs.embedded import CannotStart
from config.supervisor.children import ROOT, STOP_S, Child, children
from config.supervisor.greeting import greeting
from config.supervisor.terminal import in_the_foreground
from config.walls import SITE_ROLE

LOOK_S = 0.5
LOOK_AT_SERVERS_S = 5.0


class Stop(BaseException):
    """Somebody pressed Ctrl-C or sent a signal to end."""


def main() -> int:
    """Run until stopped; the exit code is 0 after a wish to stop, 1 if something cannot work."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, _raise_stop)
    try:
        port, speed = _port(), _speed()
        with in_the_foreground(), _only_one(embedded.DATA_DIR):
            _check_port(port)
            _run(port, speed)
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except Stop:
        print("Stopped. The data are kept; `make demo` goes on with them.", flush=True)
    return 0


def _raise_stop(_number: int, _frame: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C must not leave a process behind.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    raise Stop


def _port() -> int:
    text = os.environ.get("AZOTEA_PORT", "8000")
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise CannotStart(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _speed() -> float:
    text = os.environ.setdefault("AZOTEA_CLOCK_SPEED", "1")
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 1 <= speed <= 3_600:
        raise CannotStart(f"SPEED must be a number from 1 (real time) to 3600, not {text!r}.")
    return speed


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder; the lock dies with the process, so a stale one cannot be left behind."""
    embedded.check(folder)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"Azotea already runs on {folder}. Stop it there, or choose another folder with AZOTEA_DATA=…"
            ) from error
        yield


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise CannotStart(f"Port {port} is reserved for root. Choose another: make demo PORT=8000") from error
        except OSError as error:
            raise CannotStart(
                f"Port {port} is in use. Free it or choose another: make demo PORT={port + 1}"
            ) from error


def _run(port: int, speed: float) -> None:
    """Bring everything up, watch it, and take everything down again in order. Raises `Stop` or `CannotStart`."""
    begun = time.monotonic()
    folder = embedded.DATA_DIR
    site = children(folder, port)
    origin = None
    try:
        print("Starting PostgreSQL and Valkey…", flush=True)
        os.environ.update(embedded.start(folder, dies_with_us=True))
        origin = virtual_time.begin(folder, speed)
        os.environ["AZOTEA_CLOCK_ORIGIN"] = origin
        virtual_time.keep(folder, origin, goes_on=True)
        _manage("migrate", log=folder / "log" / "migrate.log")
        # Migrating has checked the project: checking loads every page, and once is enough.
        _manage("secure_database", "--create", "--skip-checks", log=folder / "log" / "migrate.log")
        _manage("seed_demo", "--skip-checks", log=folder / "log" / "seed.log", errors=None)
        # As in production: what serves people owns nothing, and sees one community at a time.
        os.environ["DATABASE_URL"] = postgres.address_of(SITE_ROLE, os.environ["DATABASE_URL"])
        for child in site:
            child.start()
        _wait_for(port, site[-1])
        print(greeting(folder, port, time.monotonic() - begun), flush=True)
        _watch(site, origin)
    except Stop:
        print("\nStopping…", flush=True)
        raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        for child in site:
            child.stop()
        if origin is not None:
            virtual_time.keep(folder, origin)
        embedded.stop(folder)


def _manage(*words: str, log: Path, errors: int | None = subprocess.STDOUT) -> None:
    """Run one command of manage.py to its end; a signal meant for us ends it too, with all that it started.

    What it prints goes to `log`; `errors=None` leaves its errors and its progress on the terminal.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            start_new_session=True,
            stdout=output,
            stderr=errors,
        )
    try:
        code = process.wait()
    except Stop:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    if code:
        raise CannotStart(f"`manage.py {words[0]}` failed. See {log if errors else 'above'}.")


def _wait_for(port: int, web: Child) -> None:
    """Until the web server answers."""
    until = time.monotonic() + STOP_S
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if web.process is not None and web.process.poll() is not None:
            break
        time.sleep(0.1)
    raise CannotStart(f"The web server did not start. See {web.log}.")


def _watch(site: list[Child], origin: str) -> None:
    """Restart what dies and note the time, until told to stop. Raises `Stop` or `CannotStart`."""
    noted = looked = time.monotonic()
    while True:
        time.sleep(LOOK_S)
        for child in site:
            child.look_after()
        if time.monotonic() - looked > LOOK_AT_SERVERS_S:
            for name in embedded.revive(embedded.DATA_DIR):
                print(f"The {name} server ended by itself; started it again.", flush=True)
            looked = time.monotonic()
        if time.monotonic() - noted > virtual_time.NOTED_EVERY.total_seconds():
            virtual_time.keep(embedded.DATA_DIR, origin, goes_on=True)
            noted = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
