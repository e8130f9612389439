"""How long PostgreSQL waits for the site.

It ends a transaction that has been silent for half a minute (`PATIENCE` in the settings), so that one that hangs
cannot hold its locks for ever. Work that rightly thinks for longer in between says so.
"""

from django.conf import settings
from django.db import connection


def let_think() -> None:
    """Let this transaction be silent for as long as a task may take: a solver works, or a large file is read."""
    with connection.cursor() as cursor:
        seconds = settings.CELERY_TASK_TIME_LIMIT
        cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{seconds:d}s'")
