"""What a month of one meter still lacks."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from community.models import Household
from community.tariffs import month_span
from config.clock import now
from metering.api.access import point_of
from metering.api.parameters import month_of
from metering.api.serializers import ProblemSerializer
from metering.completeness import completeness
from metering.models import ApiToken, MeteringPoint
from metering.queries import blocks
from metering.registers import Difference


class SpanSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    intervals = serializers.IntegerField()


class BlockSerializer(serializers.Serializer[Any]):
    """A span of which only the sum is known, by a dial."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    energy_wh = serializers.IntegerField()


class ChannelSerializer(serializers.Serializer[Any]):
    """Counts of the meter's intervals; `estimated` of the present ones are not measured."""

    channel = serializers.CharField()
    expected = serializers.IntegerField()
    present = serializers.IntegerField()
    estimated = serializers.IntegerField()
    missing = SpanSerializer(many=True)
    blocks = BlockSerializer(many=True)


class CompletenessSerializer(serializers.Serializer[Any]):
    month = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(help_text="of the month, or of what is over of it")
    channels = ChannelSerializer(many=True)


class MonthCompleteness(APIView):
    """Expected, present, estimated and missing intervals of one local month."""

    @extend_schema(
        parameters=[OpenApiParameter("month", str, required=True, description="such as 2026-10")],
        responses={200: CompletenessSerializer, 400: ProblemSerializer, 404: ProblemSerializer},
        tags=["readings"],
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """What a local month has and lacks; of the running month, what is over."""
        point = point_of(request, public_id, ApiToken.Scope.READINGS_READ)
        month = month_of(request)
        home = point.household
        start, end = _span(month, home, now(), point.resolution_minutes)
        channels = [
            {**asdict(found), "blocks": _blocks(point, found.channel, start, end)}
            for found in completeness([point], start, end)
        ]
        answer = {"month": f"{month:%Y-%m}", "start": start, "end": end, "channels": channels}
        return Response(CompletenessSerializer(answer).data)


def _span(month: date, home: Household, at: datetime, minutes: int) -> tuple[datetime, datetime]:
    """The month's start and its end, or the last boundary of an interval before `at`.

    Where the present resident came within the month, its first whole interval is the start.
    """
    first, end = month_span(month.year, month.month, home.community.zone)
    step = minutes * 60
    start = datetime.fromtimestamp(-(-home.own_from(first).timestamp() // step) * step, first.tzinfo)
    over = datetime.fromtimestamp(at.timestamp() // step * step, at.tzinfo)
    return start, max(start, min(end, over))


def _blocks(point: MeteringPoint, channel: str, start: datetime, end: datetime) -> list[Difference]:
    """Of blocks that touch the span, those that began in the present resident's time."""
    found = blocks(point, channel, start, end)
    return [one for one in found if one.start >= point.household.own_from(one.start)]
