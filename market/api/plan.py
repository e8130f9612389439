"""What a gateway asks before each slot: the cleared set-points of its home."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from market.queries.plan import cleared_plan, reserve_pct
from metering.api.access import point_of
from metering.api.parameters import window_of
from metering.api.serializers import ProblemSerializer
from metering.models import ApiToken


class DevicePlanSerializer(serializers.Serializer[Any]):
    """AC energy of a device in the slot: + take, − give; panels: Wh to hold back."""

    device = serializers.IntegerField()
    kind = serializers.CharField()
    energy_wh = serializers.IntegerField()


class SlotPlanSerializer(serializers.Serializer[Any]):
    """One cleared slot; `scheduled_net_wh` is what the home should draw in sum (+ import, − export)."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    price_ueur_kwh = serializers.IntegerField(allow_null=True)
    scheduled_net_wh = serializers.IntegerField()
    devices = DevicePlanSerializer(many=True)


class PlanSerializer(serializers.Serializer[Any]):
    reserve_pct = serializers.IntegerField()
    slots = SlotPlanSerializer(many=True)


class Plan(APIView):
    """Suggestions for the devices behind one metering point; the home decides whether to follow."""

    @extend_schema(
        parameters=[
            OpenApiParameter("start", str, required=True),
            OpenApiParameter("end", str, required=True, description="exclusive"),
        ],
        responses={200: PlanSerializer, 404: ProblemSerializer},
        tags=["plan"],
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Set-points of every cleared slot that starts in `[start, end)`."""
        point = point_of(request, public_id, ApiToken.Scope.PLANS_READ)
        start, end = window_of(request)
        home = point.household
        slots = cleared_plan(home.pk, home.community_id, start, end)
        return Response(
            PlanSerializer(
                {"reserve_pct": reserve_pct(home.pk, start), "slots": [asdict(slot) for slot in slots]}
            ).data
        )
