"""The key of a meter over the API, and the signature of a call."""

import base64
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.clock import now
from metering.api.access import point_of, token_of
from metering.api.bodies import body_of
from metering.api.serializers import ProblemSerializer
from metering.models import ApiToken, MeteringPoint, MeterKey
from metering.services.keys import (
    BadSignature,
    KeyExists,
    NotBase64,
    UnknownKey,
    check,
    key_of,
    register_key,
    to_send,
)
from metering.services.tokens import token_name

HEADER = "Azotea-Signature"
Scope = ApiToken.Scope
# A signature of Ed25519 in base64.
LENGTH = len(base64.b64encode(bytes(64)))


class KeyInTheWay(exceptions.APIException):
    """Another key is registered and did not sign for its successor."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "key-exists"


class SignatureMissing(exceptions.PermissionDenied):
    """The metering point has a key, and the call is not signed."""

    default_code = "signature-missing"


class SignatureWrong(exceptions.PermissionDenied):
    """The call is signed, but not with the key of the metering point, or not as it came."""

    default_code = "signature-wrong"


class Text(serializers.CharField):
    """A text; what is none is refused in every language of the site."""

    default_error_messages = {"invalid": gettext_lazy("Send a text.")}


class MeterKeySerializer(serializers.Serializer[MeterKey]):
    """A key by its name; a new one is signed by itself and, in the place of another, by that one, too."""

    did = Text(max_length=80, help_text="did:key of Ed25519")
    signature = Text(max_length=LENGTH, write_only=True, help_text="base64")
    before = Text(
        max_length=LENGTH, write_only=True, required=False, default="", help_text="the present key's, base64"
    )
    registered_at = serializers.DateTimeField(read_only=True)
    ended_at = serializers.DateTimeField(read_only=True, allow_null=True)


class MeterKeys(APIView):
    """The key that signs what is sent for a metering point."""

    @extend_schema(responses={200: MeterKeySerializer(many=True), 404: ProblemSerializer}, tags=["keys"])
    def get(self, request: Request, public_id: UUID) -> Response:
        """The keys of a metering point, the newest first; those that have ended hold for what they signed."""
        keys = MeterKey.objects.filter(metering_point=point_of(request, public_id, Scope.READINGS_WRITE))
        return Response([MeterKeySerializer(key).data for key in keys.order_by("-registered_at", "-pk")])

    @extend_schema(
        request=MeterKeySerializer,
        responses={
            200: MeterKeySerializer, 400: ProblemSerializer, 403: ProblemSerializer, 404: ProblemSerializer,
            409: ProblemSerializer, 413: ProblemSerializer,
        },
        tags=["keys"],
    )  # fmt: skip
    def post(self, request: Request, public_id: UUID) -> Response:
        """Register a key; from then on readings for this metering point have to be signed with it."""
        point = point_of(request, public_id, Scope.READINGS_WRITE)
        _raw, body = body_of(request, "keys")
        told = MeterKeySerializer(data=body)
        told.is_valid(raise_exception=True)
        by = token_name(token_of(request, Scope.READINGS_WRITE))
        try:
            key = register_key(point=point, at=now(), by=by, **told.validated_data)
        except BadSignature as error:
            raise exceptions.ValidationError(_refused(error)) from error
        except KeyExists as error:
            words = _(
                "%(did)s is registered: let it sign the new key in `before`, or end it on the gateways' page."
            )
            raise KeyInTheWay(words % {"did": str(error)}) from error
        return Response(MeterKeySerializer(key).data)


def _refused(error: BadSignature) -> dict[str, str]:
    if isinstance(error, UnknownKey):
        return {"did": _("This names no key of Ed25519: send a did:key.")}
    if isinstance(error, NotBase64):
        return {"signature": _("Not base64: send the signature's 64 bytes in it.")}
    return {"signature": _("The key did not sign these lines: message, metering point and did, each ended.")}


def signed_by(request: Request, point: MeteringPoint, body_sha256: str) -> tuple[MeterKey, str] | None:
    """The key that signed the call, and its signature; None where the metering point has no key.

    Raises `SignatureMissing` and `SignatureWrong`.
    """
    key = key_of(point)
    if key is None:
        return None
    signature = request.headers.get(HEADER, "")
    if not signature:
        words = _("This metering point has the key %(did)s: sign the call with it, in the header %(header)s.")
        raise SignatureMissing(words % {"did": key.did, "header": HEADER})
    try:
        check(
            key.did, signature[: LENGTH + 1], to_send(request.method or "", request.get_full_path(), body_sha256)
        )
    except BadSignature as error:
        words = _("The signature in %(header)s does not fit %(did)s, this address and this body.")
        raise SignatureWrong(words % {"header": HEADER, "did": key.did}) from error
    return key, signature
