"""Who is calling: a token in the Authorization header; cookies mean nothing here."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from config.clock import now
from config.middleware.client_address import client_address
from config.tenancy import across_all, settle_on
from metering.models import ApiToken
from metering.services.tokens import InvalidToken, find_token


@dataclass(frozen=True, slots=True)
class Caller:
    """A token's bearer, in the place of a user."""

    token: ApiToken
    is_authenticated: bool = True
    is_active: bool = True


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer azt_<key id>.<secret>`."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiToken] | None:
        scheme, _space, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            with across_all():
                token = find_token(text=text.strip(), at=now(), address=client_address(request))
        except InvalidToken as error:
            raise exceptions.AuthenticationFailed(
                _("This token is not valid. Ask your community's administrator for a new one.")
            ) from error
        settle_on(token.community_id)
        return Caller(token), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="azotea"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    """How the API's description names the token."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "azt_<key id>.<secret>"}
