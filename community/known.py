"""Who asks: read from the session at the door; from then on the request is that person's."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from config.tenancy import at_the_door, known_as


class KnownBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's log-in by e-mail and password, behind the wall around people."""

    def get_user(self, user_id: int) -> Any:
        """Whose session it is; PostgreSQL is told from here on."""
        with at_the_door():
            user = super().get_user(user_id)
        if user is not None:
            known_as(user.pk)
        return user

    def authenticate(self, request: Any, **credentials: Any) -> Any:
        """Who has these credentials, or nobody."""
        with at_the_door():
            return super().authenticate(request, **credentials)
