"""The connection: it knows what it told PostgreSQL last, and says it again only when the scope has changed.

Settings belong to the session, as pages are not one transaction each. A rollback takes a setting back that was
made since its beginning, so after one the next statement tells it anew.
"""

from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg.pq import TransactionStatus

from config.tenancy import person, scope

SETTING = "SELECT set_config('app.community', %s, false), set_config('app.person', %s, false)"


class InstantLoader(BaseTzLoader):  # type: ignore[misc]
    """Instants as a session in UTC tells them. Django's own loader matches a pattern, which takes ten times
    as long, and a page reads hundreds; what is told otherwise (years beyond 9999) is left to it.
    """

    timezone = UTC

    def load(self, data: Any) -> datetime:
        text = bytes(data)
        if text[10:11] == b" " and text.endswith(b"+00"):
            return datetime.fromisoformat(text.decode())
        return super().load(data)  # type: ignore[no-any-return]


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL that bears the scope of whoever uses it."""

    _told: tuple[str, str] | None = None  # unknown

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._told = None
        connection = super().get_new_connection(conn_params)
        if self.timezone == UTC:
            connection.adapters.register_loader("timestamptz", InstantLoader)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        self._tell()
        return super().create_cursor(name)

    def _set_autocommit(self, autocommit: bool) -> None:
        if not autocommit:
            # Before the transaction: SET TRANSACTION has to be its first statement.
            self._tell()
        super()._set_autocommit(autocommit)  # type: ignore[misc]

    def _commit(self) -> None:
        # What was deferred to the end of the transaction reads rows, too.
        if self.connection is not None:
            self._tell()
        super()._commit()  # type: ignore[misc]

    def _rollback(self) -> None:
        self._told = None
        super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._told = None

    def _tell(self) -> None:
        wanted = scope(), person()
        if self._told == wanted:
            return
        # A transaction that failed takes nothing but its rollback.
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return
        with self.connection.cursor() as cursor:
            cursor.execute(SETTING, wanted)
        self._told = wanted
