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
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from config import embedded, virtual_time
from config.greeting import greeting

ROOT = Path(__file__).resolve().parent.parent
STOP_S = 20
CRASHES, WITHIN_S = 5, 60.0


@dataclass(slots=True)
class Child:
    """One process of the site; its output goes to a log file of its own."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the supervisor."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.started = [*self.started[-CRASHES:], time.monotonic()]

    def keeps_crashing(self) -> bool:
        """Whether it had to be started too often in a short time."""
        recent = [at for at in self.started if at > time.monotonic() - WITHIN_S]
        return len(recent) > CRASHES

    def stop(self) -> None:
        """Ask it to end, wait, and insist if it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Stop(Exception):
    """Somebody pressed Ctrl-C or sent a signal to end."""


def main() -> int:
    """Run until stopped; the exit code is 0 after a wish to stop, 1 if something cannot work."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise_stop)
    port = int(os.environ.get("AZOTEA_PORT", "8000"))
    try:
        with _only_one(embedded.DATA_DIR):
            _check_port(port)
            return _run(port)
    except embedded.CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except Stop:
        print("\nStopped.")
        return 0


def _raise_stop(_number: int, _frame: FrameType | None) -> None:
    raise Stop


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder; the lock dies with the process, so a stale one cannot be left behind."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock: IO[str] = (folder / "lock").open("a")
    except OSError as error:
        raise embedded.CannotStart(
            f"Cannot write to {folder} ({error.strerror}). Choose another folder with AZOTEA_DATA=…"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise embedded.CannotStart(
                f"Azotea already runs on {folder}. Stop it there, or choose another folder with AZOTEA_DATA=…"
            ) from error
        yield


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise embedded.CannotStart(
                f"Port {port} is in use. Free it or choose another: make demo PORT={port + 1}"
            ) from error


def _run(port: int) -> int:
    begun = time.monotonic()
    print("Starting PostgreSQL and Valkey…", flush=True)
    os.environ.update(embedded.start(embedded.DATA_DIR))
    origin = virtual_time.begin(embedded.DATA_DIR, float(os.environ.get("AZOTEA_CLOCK_SPEED", "1")))
    os.environ["AZOTEA_CLOCK_ORIGIN"] = origin
    for step in (["migrate", "--verbosity", "0"], ["seed_demo"]):
        _manage(step)
    children = _children(port)
    try:
        for child in children:
            child.start()
        _wait_for(port, children[-1])
        print(greeting(embedded.DATA_DIR, port, time.monotonic() - begun), flush=True)
        return _watch(children, origin)
    finally:
        for child in children:
            child.stop()
        virtual_time.keep(embedded.DATA_DIR, origin)


def _manage(arguments: list[str]) -> None:
    """Run one command of manage.py to its end; a signal meant for us ends it too."""
    process = subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, start_new_session=True)
    try:
        code = process.wait()
    except Stop:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    if code:
        raise embedded.CannotStart(f"`manage.py {arguments[0]}` failed; see above.")


def _children(port: int) -> list[Child]:
    """In the order of stopping: who feeds the others goes first."""
    logs = embedded.DATA_DIR / "log"
    logs.mkdir(exist_ok=True)
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "config.celery"]
    schedule = str(embedded.DATA_DIR / "beat-schedule")
    web = ["--bind", f"127.0.0.1:{port}", "--threads", "8", "--access-logfile", "-", "--no-control-socket"]
    commands = {
        "gateway": [sys.executable, "manage.py", "demo_gateway", "--url", f"http://127.0.0.1:{port}"],
        "beat": [*celery, "beat", "--schedule", schedule, "--pidfile="],
        "worker": [*celery, "worker", "--concurrency", "2", "--without-mingle", "--without-gossip"],
        "web": [*python, "gunicorn", *web, "config.wsgi"],
    }
    return [Child(name, command, logs / f"{name}.log") for name, command in commands.items()]


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
    raise embedded.CannotStart(f"The web server did not start; see {web.log}.")


def _watch(children: list[Child], origin: str) -> int:
    """Restart what dies, note the time, until told to stop. Raises `Stop` or `CannotStart`."""
    noted = time.monotonic()
    while True:
        time.sleep(0.5)
        for child in children:
            if child.process is None or child.process.poll() is None:
                continue
            if child.keeps_crashing():
                raise embedded.CannotStart(f"The {child.name} keeps ending; see {child.log}.")
            print(f"The {child.name} ended (code {child.process.returncode}); starting it again.", flush=True)
            time.sleep(len(child.started) * 0.5)
            child.start()
        if time.monotonic() - noted > WITHIN_S:
            virtual_time.keep(embedded.DATA_DIR, origin)
            noted = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
