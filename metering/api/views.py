"""The API for meters: upload readings and device reports, read readings back."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from community.models import Device
from community.services.devices import record_states
from config.clock import now
from metering.api import rows
from metering.api.access import point_of, token_of
from metering.api.bodies import CSV, JSON, LINES, body_of
from metering.api.csv_renderer import CsvRenderer
from metering.api.idempotency import KEY, once_by_key
from metering.api.instants import parse_instant
from metering.api.intake import COLLECTION, readings_in
from metering.api.problems import RowsRefused, told
from metering.api.serializers import (
    MeteringPointSerializer,
    ProblemSerializer,
    ReadingSerializer,
    ReadingsSerializer,
    StatesSerializer,
    UploadSerializer,
)
from metering.models import ApiToken, MeteringPoint, Reading, Upload
from metering.queries import readings_of
from metering.services.readings import RowError, store_readings

Scope = ApiToken.Scope
LONGEST_READ = timedelta(days=40)
EXAMPLE = OpenApiExample(
    "A quarter of an hour",
    value={"readings": [{"channel": "export", "start": "2026-11-23T12:00:00+01:00", "energy_wh": 1000}]},
    request_only=True,
)


class MeteringPoints(APIView):
    """The metering points that your token reaches."""

    @extend_schema(responses=MeteringPointSerializer(many=True), tags=["metering points"])
    def get(self, request: Request) -> Response:
        points = token_of(request, Scope.READINGS_READ).metering_points.select_related("household")
        return Response(MeteringPointSerializer(points.order_by("pk"), many=True).data)


@method_decorator(conditional_page, name="dispatch")
class Readings(APIView):
    """Readings of one metering point."""

    renderer_classes = (JSONRenderer, CsvRenderer)

    @extend_schema(
        parameters=[
            OpenApiParameter("mode", str, enum=["atomic", "partial"], default="atomic"),
            OpenApiParameter(KEY, str, OpenApiParameter.HEADER, description="the same call twice is done once"),
        ],
        request=dict.fromkeys((JSON, LINES, CSV), ReadingsSerializer),
        responses={
            201: UploadSerializer,
            200: UploadSerializer,
            207: UploadSerializer,
            400: ProblemSerializer,
            401: ProblemSerializer,
            403: ProblemSerializer,
            404: ProblemSerializer,
            409: ProblemSerializer,
            413: ProblemSerializer,
            422: ProblemSerializer,
        },
        examples=[EXAMPLE],
        tags=["readings"],
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Upload readings: all or nothing, or with `mode=partial` the good rows. Sent again, nothing changes.

        JSON, JSON lines or CSV with a header; packed with gzip if you like.
        """
        point = point_of(request, public_id, Scope.READINGS_WRITE)
        token = token_of(request, Scope.READINGS_WRITE)
        partial = partial_of(request)
        raw, body = body_of(request, COLLECTION)
        at = now()
        return once_by_key(request, token, raw, at, lambda: _upload(point, token, partial, raw, body, at))

    @extend_schema(
        parameters=[
            OpenApiParameter("start", datetime, required=True),
            OpenApiParameter("end", datetime, required=True, description="exclusive"),
            OpenApiParameter("channel", str, enum=Reading.Channel.values),
            OpenApiParameter("as_of", datetime, description="what was known then"),
        ],
        responses={
            (200, JSON): ReadingSerializer(many=True),
            (200, CSV): str,
            304: None,
            400: ProblemSerializer,
            404: ProblemSerializer,
        },
        tags=["readings"],
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """The newest version of every reading that starts in `[start, end)`, 40 days at most; JSON or CSV.

        With `as_of` the newest that was known then. With the `ETag` of an answer in `If-None-Match`, 304 says
        that it still holds.
        """
        point = point_of(request, public_id, Scope.READINGS_READ)
        start, end = window_of(request)
        as_of = instant_of(request, "as_of") if "as_of" in request.query_params else None
        found = readings_of(point, start, end, channel_of(request), as_of)
        return Response(ReadingSerializer(found, many=True).data)


class DeviceStates(APIView):
    """What the batteries and cars behind one metering point report."""

    @extend_schema(request=StatesSerializer, responses={204: None, 422: ProblemSerializer}, tags=["device states"])
    def post(self, request: Request, public_id: UUID) -> Response:
        """Upload device reports; one that is already known changes nothing."""
        point = point_of(request, public_id, Scope.STATES_WRITE)
        _raw, body = body_of(request, "states")
        reports = rows.rows_of(body, "states", rows.device_state)
        own = set(Device.objects.filter(household=point.household_id).values_list("pk", flat=True))
        message = _("This device does not stand behind this metering point.")
        errors = [
            RowError(i, "device", "unknown-device", message)
            for i, report in enumerate(reports)
            if report.device_id not in own
        ]
        if errors:
            raise RowsRefused(errors[:100], len(errors), "states")
        record_states(reports)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _upload(
    point: MeteringPoint, token: ApiToken, partial: bool, raw: bytes, body: Any, at: datetime
) -> tuple[int, dict[str, Any]]:
    """Store what can be stored; status and body of the answer. Raises `RowsRefused`."""
    intake = readings_in(body, point.resolution_minutes, at)
    if intake.rejected and not (partial and intake.kept):
        raise RowsRefused(intake.errors, intake.rejected, COLLECTION)
    upload = store_readings(
        metering_point=point,
        rows=intake.kept,
        source=Upload.Source.API,
        content_sha256=hashlib.sha256(raw).hexdigest(),
        at=at,
        token=token,
        checked=True,
    )
    counts = {"received": intake.received, "rejected": intake.rejected, "errors": told(intake.errors, COLLECTION)}
    code: int = status.HTTP_201_CREATED if upload.created or upload.revised else status.HTTP_200_OK
    if intake.rejected:
        code = status.HTTP_207_MULTI_STATUS
    return code, {**UploadSerializer(upload).data, **counts}


def partial_of(request: Request) -> bool:
    """Whether good rows are wanted although others are bad. Raises `ValidationError`."""
    mode = request.query_params.get("mode", "atomic")
    if mode not in {"atomic", "partial"}:
        raise ValidationError({"mode": _("Use one of: %(choices)s.") % {"choices": "atomic, partial"}})
    return mode == "partial"


def channel_of(request: Request) -> str | None:
    """The channel that the query asks for, if any. Raises `ValidationError`."""
    channel = request.query_params.get("channel")
    if channel is not None and channel not in Reading.Channel.values:
        choices = ", ".join(Reading.Channel.values)
        raise ValidationError({"channel": _("Use one of: %(choices)s.") % {"choices": choices}})
    return channel


def instant_of(request: Request, name: str) -> datetime:
    """An aware instant of the query. Raises `ValidationError` naming the parameter and the cure."""
    # A plus sign in a query means a space, so an offset that was not encoded is mended here.
    text = request.query_params.get(name, "").replace(" ", "+")
    try:
        return parse_instant(text)
    except ValueError as error:
        message = _("Send an instant with an offset, such as 2026-11-23T12:00:00Z.")
        raise ValidationError({name: message}) from error


def window_of(request: Request) -> tuple[datetime, datetime]:
    """`start` and `end` of the query, aware. Raises `ValidationError`."""
    start, end = instant_of(request, "start"), instant_of(request, "end")
    if not start < end <= start + LONGEST_READ:
        raise ValidationError({"end": _("The end must come after the start, by 40 days at most.")})
    return start, end
