"""The API for meters: upload readings and device reports, read readings back."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from community.models import Device
from community.services.devices import record_states
from config.clock import now
from metering.api import rows
from metering.api.access import point_of, token_of
from metering.api.bodies import CSV, JSON, LINES, body_of
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
from metering.models import ApiToken, Upload
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


class Readings(APIView):
    """Readings of one metering point."""

    @extend_schema(
        parameters=[OpenApiParameter("mode", str, enum=["atomic", "partial"], default="atomic")],
        request=dict.fromkeys((JSON, LINES, CSV), ReadingsSerializer),
        responses={
            201: UploadSerializer,
            200: UploadSerializer,
            207: UploadSerializer,
            400: ProblemSerializer,
            401: ProblemSerializer,
            403: ProblemSerializer,
            404: ProblemSerializer,
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
        answer = {
            **UploadSerializer(upload).data,
            "received": intake.received,
            "rejected": intake.rejected,
            "errors": told(intake.errors, COLLECTION),
        }
        if intake.rejected:
            return Response(answer, status=status.HTTP_207_MULTI_STATUS)
        new = upload.created or upload.revised
        return Response(answer, status=status.HTTP_201_CREATED if new else status.HTTP_200_OK)

    @extend_schema(
        parameters=[
            OpenApiParameter("start", datetime, required=True),
            OpenApiParameter("end", datetime, required=True, description="exclusive"),
            OpenApiParameter("channel", str),
        ],
        responses={200: ReadingSerializer(many=True), 404: ProblemSerializer},
        tags=["readings"],
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """The newest version of every reading that starts in `[start, end)`, 40 days at most."""
        point = point_of(request, public_id, Scope.READINGS_READ)
        start, end = window_of(request)
        found = readings_of(point, start, end, request.query_params.get("channel"))
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


def partial_of(request: Request) -> bool:
    """Whether good rows are wanted although others are bad. Raises `ValidationError`."""
    mode = request.query_params.get("mode", "atomic")
    if mode not in {"atomic", "partial"}:
        raise ValidationError({"mode": _("Use one of: %(choices)s.") % {"choices": "atomic, partial"}})
    return mode == "partial"


def window_of(request: Request) -> tuple[datetime, datetime]:
    """`start` and `end` of the query, aware. Raises `ValidationError` naming the parameter and the cure."""
    instants = []
    for name in ("start", "end"):
        # A plus sign in a query means a space, so an offset that was not encoded is mended here.
        text = request.query_params.get(name, "").replace(" ", "+")
        try:
            instant = parse_datetime(text)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            raise ValidationError({name: _("Send an instant with an offset, such as 2026-11-23T12:00:00Z.")})
        instants.append(instant)
    start, end = instants
    if not start < end <= start + LONGEST_READ:
        raise ValidationError({"end": _("The end must come after the start, by 40 days at most.")})
    return start, end
