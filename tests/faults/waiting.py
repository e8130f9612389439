"""Who waits for whom, as PostgreSQL says it."""

import threading
import time

from django.db import connection

from tests.faults.test_races import at_once

PATIENCE_S = 60


def somebody_waits_for_us():
    """Whether another session wants what this one holds; the list of sessions would be that of our first look."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return cursor.fetchone()[0]


def wait_to_be_waited_for():
    """Go on once another session stands still for this one."""
    until = time.monotonic() + PATIENCE_S
    while not somebody_waits_for_us():
        assert time.monotonic() < until
        time.sleep(0.01)


class Meanwhile:
    """Something that another does once we hold our locks, and that stands still for us."""

    def __init__(self, work):
        self.errors = []
        self.thread = threading.Thread(target=lambda: self.errors.extend(at_once(work, times=1)))

    def __call__(self):
        if self.thread.ident is None:
            self.thread.start()
            wait_to_be_waited_for()

    def end(self):
        self.thread.join()
        return self.errors
