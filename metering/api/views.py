"""The API for meters: upload readings and device reports, read readings back."""

import hashlib
from collections.abc import Callable, Container
from dataclasses import replace
from datetime import datetime
from functools import partial as partial_call
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from community.models import Device
from community.services.devices import StateReport
from config.clock import now
from metering.api import rows
from metering.api.access import point_of, token_of
from metering.api.bodies import CSV, JSON, LINES, body_of
from metering.api.csv_renderer import CsvRenderer
from metering.api.idempotency import KEY, once_by_key
from metering.api.intake import COLLECTION, KINDS, Taken, take
from metering.api.keys import HEADER, signed_by
from metering.api.parameters import (
    RESOLUTIONS,
    channel_of,
    choice_of,
    cursor,
    instant_of,
    limit_of,
    place_of,
    unit_of,
    window_of,
)
from metering.api.problems import RowsRefused, doubts_told, told
from metering.api.serializers import (
    MeteringPointSerializer,
    ProblemSerializer,
    ReadingSerializer,
    ReadingsSerializer,
    StatesSerializer,
    SumSerializer,
    UploadSerializer,
)
from metering.models import ApiToken, MeterKey, Reading
from metering.queries import readings_of
from metering.services.equipment import take_reports
from metering.services.keys import keep_signature, signed_before
from metering.services.readings import AHEAD, MOST_ERRORS, RowError
from metering.sums import sums

Scope = ApiToken.Scope
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
            OpenApiParameter("kind", str, enum=list(KINDS), description="of rows that come as CSV or JSON lines"),
            OpenApiParameter("force", bool, description="worse may replace better; needs readings:force"),
            OpenApiParameter(KEY, str, OpenApiParameter.HEADER, description="the same call twice is done once"),
            OpenApiParameter(HEADER, str, OpenApiParameter.HEADER, description="where the meter has a key"),
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
        partial = choice_of(request, "mode", ("atomic", "partial"), "atomic") == "partial"
        force = choice_of(request, "force", ("true", "false"), "false") == "true"
        if force:
            token_of(request, Scope.READINGS_FORCE)
        raw, body = body_of(request, COLLECTION)
        sha256 = hashlib.sha256(raw).hexdigest()
        signed = signed_by(request, point, sha256)
        if isinstance(body, dict) and "kind" in request.query_params:
            body.setdefault("kind", request.query_params["kind"])
        at = now()
        work = partial_call(
            take,
            point,
            body,
            at=at,
            content_sha256=sha256,
            token=token,
            partial=partial,
            force=force,
        )
        return once_by_key(request, token, raw, at, lambda: _answer(_kept(request, signed, work)))

    @extend_schema(
        parameters=[
            OpenApiParameter("start", datetime, required=True),
            OpenApiParameter("end", datetime, required=True, description="exclusive"),
            OpenApiParameter("channel", str, enum=Reading.Channel.values),
            OpenApiParameter("as_of", datetime, description="what was known then"),
            OpenApiParameter("resolution", str, enum=list(RESOLUTIONS), description="sums instead of readings"),
            OpenApiParameter("limit", int, description="rows a page, 5,000 unless told, 10,000 at most"),
            OpenApiParameter("cursor", str, description="from the Link header of the page before"),
        ],
        responses={
            (200, JSON): PolymorphicProxySerializer(
                component_name="ReadingOrSum",
                serializers=[ReadingSerializer, SumSerializer],
                resource_type_field_name=None,
                many=True,
            ),
            (200, CSV): str,
            304: None,
            400: ProblemSerializer,
            404: ProblemSerializer,
        },
        tags=["readings"],
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """The newest version of every reading that starts in `[start, end)`, 400 days at most; JSON or CSV.

        A long answer comes in pages: the `Link` header names the next one. With `resolution`, sums by hour,
        local day or local month. With `as_of`, what was known then. With the `ETag` of an answer in
        `If-None-Match`, 304 says that it still holds. What was measured before the present resident came is
        left out.
        """
        point = point_of(request, public_id, Scope.READINGS_READ)
        start, end = window_of(request)
        start = point.household.own_from(start)
        as_of = instant_of(request, "as_of") if "as_of" in request.query_params else None
        unit = unit_of(request, point)
        channel = channel_of(request)
        if unit:
            rows = [one for one in sums(point, start, end, unit, as_of) if channel in {None, one.channel}]
            return Response(SumSerializer(rows, many=True).data)
        limit = limit_of(request)
        found = readings_of(point, start, end, channel, as_of, place_of(request))[: limit + 1]
        page = list(found)[:limit]
        headers = None
        if len(found) > limit:
            address = replace_query_param(request.build_absolute_uri(), "cursor", cursor(page[-1]))
            headers = {"Link": f'<{address}>; rel="next"'}
        return Response(ReadingSerializer(page, many=True).data, headers=headers)


class DeviceStates(APIView):
    """What the batteries and cars behind one metering point report."""

    @extend_schema(request=StatesSerializer, responses={204: None, 422: ProblemSerializer}, tags=["device states"])
    def post(self, request: Request, public_id: UUID) -> Response:
        """Upload device reports; one that is already known changes nothing.

        `model` and `firmware` of the newest one go to the home's list of equipment.
        """
        point = point_of(request, public_id, Scope.STATES_WRITE)
        _raw, body = body_of(request, "states")
        reports = rows.rows_of(body, "states", rows.device_report)
        own = set(Device.objects.filter(household=point.household_id).values_list("pk", flat=True))
        at = now()
        wrong = {i: error for i, one in enumerate(reports) if (error := _wrong(i, one.state, own, at))}
        if wrong:
            raise RowsRefused(list(wrong.values())[:MOST_ERRORS], len(wrong), "states")
        take_reports(reports=reports, at=at)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _wrong(i: int, state: StateReport, own: Container[int], at: datetime) -> RowError | None:
    """Why a report cannot be taken. One from the future would be believed then, whoever has the home and token."""
    if state.device_id not in own:
        return RowError(i, "device", "unknown-device", _("This device does not stand behind this metering point."))
    if state.at > at + AHEAD:
        return RowError(i, "at", "future", _("The instant lies in the future: check the clock."))
    return None


@transaction.atomic
def _kept(request: Request, signed: tuple[MeterKey, str] | None, work: Callable[[], Taken]) -> Taken:
    """What became of the message, stored together with what it was signed with.

    What was signed before is the same call sent again: stored once more it would undo what came since.
    """
    if signed is None:
        return work()
    key, signature = signed
    before = transaction.savepoint()
    taken = work()
    earlier = signed_before(key, signature)
    if earlier is not None:
        transaction.savepoint_rollback(before)
        earlier.created, earlier.revised, earlier.unchanged = 0, 0, taken.received - taken.rejected
        return replace(taken, upload=earlier)
    keep_signature(upload=taken.upload, key=key, path=request.get_full_path(), signature=signature)
    return taken


def _answer(taken: Taken) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer to an upload."""
    upload = taken.upload
    code: int = status.HTTP_201_CREATED if upload.created or upload.revised else status.HTTP_200_OK
    if taken.rejected:
        code = status.HTTP_207_MULTI_STATUS
    counts = {"received": taken.received, "rejected": taken.rejected}
    told_ = {"errors": told(taken.errors, COLLECTION), "warnings": doubts_told(taken.doubts)}
    return code, {**UploadSerializer(upload).data, **counts, **told_}
