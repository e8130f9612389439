"""Ctrl-C for the supervisor alone, so that `make demo` ends as the supervisor does: with exit code 0."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def in_the_foreground() -> Iterator[None]:
    """Be the terminal's foreground job while running; without a terminal nothing changes.

    `make` would hear Ctrl-C too and report an interrupt, however cleanly the supervisor had ended.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        yield
        return
    before = os.getpgrp()
    if os.tcgetpgrp(terminal) != before or before == os.getpid():
        os.close(terminal)
        yield
        return
    # Taking the terminal from the background, and Ctrl-Z with nobody there to wake us, would stop this process.
    for number in (signal.SIGTTOU, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        with suppress(OSError):
            os.tcsetpgrp(terminal, before)
        os.close(terminal)
