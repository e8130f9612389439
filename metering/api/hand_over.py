"""How a device fetches its token: with a code that works once."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.clock import now
from config.tenancy import across_all, settle_on
from metering.api.bodies import body_of
from metering.api.serializers import MeteringPointSerializer, ProblemSerializer
from metering.services.tokens import InvalidCode, claim


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()


class TokenSerializer(serializers.Serializer[Any]):
    """The token's text is told this once."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    scopes = serializers.ListField(child=serializers.CharField())
    metering_points = MeteringPointSerializer(many=True)


class UnknownCode(APIException):
    """The code cannot be redeemed."""

    status_code = status.HTTP_403_FORBIDDEN
    default_code = "unknown-code"


class HandOver(APIView):
    """Fetch the token that an administrator has prepared."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        request=CodeSerializer,
        responses={201: TokenSerializer, 403: ProblemSerializer},
        tags=["hand-over"],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Redeem a code; it is worth nothing afterwards."""
        _raw, body = body_of(request, "codes")
        code = body.get("code") if isinstance(body, dict) else None
        try:
            with across_all():
                token, text = claim(code=code if isinstance(code, str) else "", at=now())
        except InvalidCode as error:
            raise UnknownCode(_("This code is unknown, used or too old. Ask for a new one.")) from error
        settle_on(token.community_id)
        points = token.metering_points.select_related("household").order_by("pk")
        told = {"token": text, "expires_at": token.expires_at, "scopes": token.scopes, "metering_points": points}
        return Response(TokenSerializer(told).data, status=status.HTTP_201_CREATED)
