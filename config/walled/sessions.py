"""Sessions as rows of the database, which the wall around people shows at the door alone."""

from typing import Any

from django.contrib.sessions.backends import db

from config.tenancy import at_the_door


class SessionStore(db.SessionStore):
    """Django's sessions in the database: whose one is, is not known before it was read."""

    @classmethod
    def get_model_class(cls) -> Any:
        return db.SessionStore.get_model_class()

    def _get_session_from_db(self) -> Any:
        with at_the_door():
            return super()._get_session_from_db()  # type: ignore[misc]

    def exists(self, session_key: str) -> bool:
        with at_the_door():
            return super().exists(session_key)

    def save(self, must_create: bool = False) -> None:
        with at_the_door():
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        with at_the_door():
            super().delete(session_key)
