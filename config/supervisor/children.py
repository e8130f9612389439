"""The processes of the site: each started apart, watched, restarted with growing patience, stopped in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.programs.processes import CannotStart, spawn

ROOT = Path(__file__).resolve().parents[2]
STOP_S = 20
CRASHES, WITHIN_S = 5, 60.0
PATIENCE_S = 0.5


@dataclass(slots=True)
class Child:
    """One process of the site; its output goes to a log file of its own."""

    name: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: list[float] = field(default_factory=list)
    restart_at: float | None = None

    def start(self) -> None:
        """Start it so that Ctrl-C reaches only the supervisor, and so that it ends if the supervisor is killed."""
        self.process = spawn(self.command, self.log, cwd=ROOT, dies_with_us=signal.SIGTERM)
        now = time.monotonic()
        self.started = [at for at in self.started if at > now - WITHIN_S] + [now]
        self.restart_at = None

    def look_after(self) -> None:
        """Start it again if it ended, later each time. Raises `CannotStart` if it keeps ending."""
        now = time.monotonic()
        if self.restart_at is not None:
            if now >= self.restart_at:
                self.start()
        elif self.process is not None and self.process.poll() is not None:
            recent = [at for at in self.started if at > now - WITHIN_S]
            if len(recent) > CRASHES:
                raise CannotStart(f"The {self.name} keeps ending. See {self.log}.")
            wait = PATIENCE_S * 2 ** len(recent) / 2
            self.restart_at = now + wait
            code = self.process.returncode
            print(
                f"The {self.name} ended by itself ({_ended(code)}); starting it again in {wait:g} s.", flush=True
            )

    def stop(self) -> None:
        """Ask it to end, wait, and insist if it does not; its own children go with it."""
        self.restart_at = None
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _ended(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def children(folder: Path, port: int) -> list[Child]:
    """In the order of stopping: who feeds the others goes first."""
    celery = [sys.executable, "-m", "celery", "--app", "config.celery"]
    beat = ["beat", "--schedule", str(folder / "beat-schedule"), "--pidfile="]
    worker = ["worker", "--without-mingle", "--without-gossip", "--concurrency"]
    web = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8", "--graceful-timeout", "10"]
    gateway = ["manage.py", "demo_gateway", "--url", f"http://127.0.0.1:{port}"]
    commands = {
        "gateway": [sys.executable, *gateway],
        "signer": [sys.executable, "manage.py", "sign_heads", "--every", "15"],
        "beat": [*celery, *beat],
        "worker": [*celery, *worker, "2", "--queues", "default,solver", "--hostname", "worker@%h"],
        # What takes minutes runs when nobody else wants the processor.
        "training": [
            "nice",
            "-n",
            "19",
            *celery,
            *worker,
            "2",
            "--queues",
            "training,studio",
            "--hostname",
            "training@%h",
        ],
        "web": [
            sys.executable,
            "-m",
            "gunicorn",
            *web,
            "--no-control-socket",
            "--access-logfile",
            "-",
            "config.wsgi",
        ],
    }
    return [Child(name, command, folder / "log" / f"{name}.log") for name, command in commands.items()]
