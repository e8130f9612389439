"""Starting other programs, out of reach of the terminal and, if wished, never outliving this process."""

import ctypes
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

PR_SET_PDEATHSIG = 1
MUCH_LOG = 5 * 1024 * 1024
# Kept, so that Python takes notice of their ends.
_spawned: list[subprocess.Popen[bytes]] = []


class CannotStart(Exception):
    """Something that the site needs cannot run; the message is one line with the cure."""


def spawn(
    command: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path,
    account: pwd.struct_passwd | None = None,
    stdin: int = subprocess.DEVNULL,
    dies_with_us: signal.Signals | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that writes to `log`, out of reach of the terminal's Ctrl-C.

    `account` is the one to run as (only root may name one). `dies_with_us` is the signal that Linux sends
    it when this process ends, however it ends; without it, the program goes on.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > MUCH_LOG:
        log.replace(log.with_name(f"{log.name}.1"))
    rights: dict[str, Any] = {}
    if account is not None:
        rights = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
    with log.open("ab") as output:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_last_will(dies_with_us),  # noqa: PLW1509 no thread runs this early
            **rights,
        )
    _spawned.append(process)
    return process


def _last_will(number: signal.Signals | None) -> Callable[[], None] | None:
    if number is None or sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, number)


def last_line(log: Path) -> str:
    """What a program said last, to name the cause of its end in one line."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def has_ended(pid: int) -> bool:
    """Whether a process is gone; one that only waits for its parent to take notice counts as gone."""
    for child in _spawned:
        if child.pid == pid:
            return child.poll() is not None
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def wait_for_end(pid: int, seconds: float) -> bool:
    """Wait so long for a process to end; whether it did."""
    until = time.monotonic() + seconds
    while not has_ended(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
