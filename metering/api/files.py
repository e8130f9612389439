"""Meter files for integrators: handed in as they are, read and stored by a worker."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.clock import now
from metering import progress
from metering.api.access import point_of, token_of
from metering.api.problems import TooLarge
from metering.api.serializers import ProblemSerializer, UploadSerializer
from metering.formats import UnreadableFile
from metering.forms.meters import MOST_MIB
from metering.models import ApiToken, MeterFile
from metering.services import meter_files as service
from metering.tasks import ring, store_file
from metering.wording import files as wording

Scope = ApiToken.Scope
RETRY_SECONDS = 2


class MeterFileSerializer(serializers.Serializer[Any]):
    """What became of a file: `waiting`, `reading` or `storing` (`done` of `of`), `stored`, or `refused`."""

    file = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    received_at = serializers.DateTimeField()
    state = serializers.CharField()
    done = serializers.IntegerField(required=False)
    of = serializers.IntegerField(required=False)
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)
    uploads = UploadSerializer(many=True)


class UnreadableBody(APIException):
    """The file cannot be read; `code` says why."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY


class MeterFiles(APIView):
    """Hand in a file of a portal, a distributor or a meter's port."""

    @extend_schema(
        parameters=[
            OpenApiParameter("name", str, description="as the sender named it; curve files need theirs"),
            OpenApiParameter("metering_point", OpenApiTypes.UUID, description="of files that name no supply"),
            OpenApiParameter("dialect", str, enum=["end", "start", "counted"], description="what its hours mean"),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={
            202: MeterFileSerializer,
            404: ProblemSerializer,
            413: ProblemSerializer,
            422: ProblemSerializer,
        },
        tags=["meter files"],
    )
    def post(self, request: Request) -> Response:
        """Take a file in at once and store it soon: all that your token may write, or nothing.

        `Location` names the page that tells how far it is. The same file again is the same one.
        """
        token = token_of(request, Scope.READINGS_WRITE)
        query = request.query_params
        dialect = query.get("dialect", "")
        if dialect not in {"", "end", "start", "counted"}:
            raise ValidationError({"dialect": _("Use one of: %(choices)s.") % {"choices": "end, start, counted"}})
        try:
            file = service.take_in(
                community=token.community,
                name=_name(query.get("name", "")) or _("File"),
                content=_content(request),
                at=now(),
                token=token,
                metering_point=point_of(request, _uuid(query["metering_point"]), Scope.READINGS_WRITE)
                if "metering_point" in query
                else None,
                dialect=dialect,
            )
        except UnreadableFile as error:
            raise UnreadableBody(wording.unreadable(error), code=error.code) from error
        service.ask_to_store(file_id=file.pk, at=now())
        ring(store_file, file_id=file.pk)
        location = request.build_absolute_uri(reverse("api-meter-file", args=[file.public_id]))
        headers = {"Location": location, "Retry-After": str(RETRY_SECONDS)}
        return Response(_told(file), status=status.HTTP_202_ACCEPTED, headers=headers)


class OneMeterFile(APIView):
    """How far a file is."""

    @extend_schema(responses={200: MeterFileSerializer, 404: ProblemSerializer}, tags=["meter files"])
    def get(self, request: Request, public_id: UUID) -> Response:
        """What became of a file that this token handed in."""
        token = token_of(request, Scope.READINGS_WRITE)
        file = MeterFile.objects.filter(token=token, public_id=public_id).defer("content").first()
        if file is None:
            raise Http404
        told = _told(file)
        waits = told["state"] not in {"stored", "refused"}
        return Response(told, headers={"Retry-After": str(RETRY_SECONDS)} if waits else None)


def _content(request: Request) -> bytes:
    raw: bytes = request._request.read(MOST_MIB * 2**20 + 1)
    if len(raw) > MOST_MIB * 2**20:
        raise TooLarge(_("At most 64 MiB fit in one file: pack or split it."))
    return raw


def _name(text: str) -> str:
    """The file's own name: whatever folders it says it lies in, and letters that nobody sees, are left out."""
    return "".join(letter for letter in text.replace("\\", "/").rpartition("/")[2] if letter.isprintable())


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


def _told(file: MeterFile) -> dict[str, Any]:
    uploads = file.uploads.order_by("pk") if file.committed_at else []
    told: dict[str, Any] = {"public_id": file.public_id, "name": file.name, "received_at": file.received_at}
    step = progress.step(file.pk)
    if file.committed_at is not None:
        told["state"] = "stored"
    elif file.failure is not None:
        told |= {"state": "refused", "code": file.failure["code"], "detail": wording.failure(file.failure)}
    elif step is None:
        told["state"] = "waiting"
    else:
        told |= {"state": step.name, "done": step.done, "of": step.of}
    data: dict[str, Any] = MeterFileSerializer({**told, "uploads": uploads}).data
    return data
