"""What a gateway asks before each slot: suggestions for the devices of its home, and what to do without any."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from community.anonymity import street_hides
from config.clock import now
from market.queries.home import plan_steps
from market.queries.plan import cleared_plan, next_steps, plan_version, reserve_pct
from metering.api.access import point_of
from metering.api.parameters import window_of
from metering.api.serializers import ProblemSerializer
from metering.models import ApiToken

# What a home does in a slot for which it hears nothing: it uses its own energy first.
FALLBACK = "self_consumption"


class DevicePlanSerializer(serializers.Serializer[Any]):
    """AC energy of a device in the slot: + take, − give; panels: Wh to hold back."""

    device = serializers.IntegerField()
    kind = serializers.CharField()
    energy_wh = serializers.IntegerField()


class SignalsSerializer(serializers.Serializer[Any]):
    """What all agents of the street were told before they ordered: the same for everybody, of no home alone."""

    worth_ueur_kwh = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="of one more stored kWh, from empty to full",
    )
    unit_ueur_kwh = serializers.IntegerField(help_text="mean import price of the week")
    features = serializers.DictField(child=serializers.FloatField())
    short = serializers.FloatField(help_text="share of what batteries can give that the limit on import needs")
    spare = serializers.FloatField(help_text="share of what batteries can take that the limit on export needs")
    weights = serializers.ListField(child=serializers.CharField(), help_text="digests of the policies followed")


class SlotPlanSerializer(serializers.Serializer[Any]):
    """One cleared slot; `scheduled_net_wh` is what the home should draw in sum (+ import, − export)."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    version = serializers.CharField(help_text="to name in the acknowledgement")
    price_ueur_kwh = serializers.IntegerField(allow_null=True)
    scheduled_net_wh = serializers.IntegerField()
    devices = DevicePlanSerializer(many=True)
    signals = SignalsSerializer(allow_null=True)


class NextStepSerializer(serializers.Serializer[Any]):
    """What a device is meant to do in hours that are not cleared yet: + take, − give; it may still change."""

    device = serializers.IntegerField()
    kind = serializers.CharField(help_text="charge, discharge, hold or ev_charge")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    starts_at = serializers.DateTimeField(help_text="when to begin, so that a street does not in one second")
    energy_wh = serializers.IntegerField()
    reason = serializers.CharField(help_text="why, as a stable code")


class LackingSerializer(serializers.Serializer[Any]):
    """Energy that a car will not have when it leaves, told as soon as it is known."""

    device = serializers.IntegerField()
    ready_by = serializers.DateTimeField()
    missing_wh = serializers.IntegerField()
    reason = serializers.CharField(help_text="grid_full: the street's limits leave no more; no_time")
    full_from = serializers.DateTimeField(allow_null=True)
    full_until = serializers.DateTimeField(allow_null=True)
    ready_at = serializers.DateTimeField(allow_null=True, help_text="when it would be ready if it stayed")


class FallbackSerializer(serializers.Serializer[Any]):
    """What to do in a slot without an answer from here."""

    behaviour = serializers.ChoiceField([FALLBACK])
    reserve_pct = serializers.IntegerField(help_text="of each battery, never to be discharged")


class PlanSerializer(serializers.Serializer[Any]):
    version = serializers.CharField(help_text="changes with anything below")
    reserve_pct = serializers.IntegerField()
    fallback = FallbackSerializer()
    slots = SlotPlanSerializer(many=True)
    next = NextStepSerializer(many=True)
    lacking = LackingSerializer(many=True)


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
        """Set-points of every cleared slot that starts in `[start, end)`, and what is meant for later.

        Answer each with `acknowledgements`. Without an answer from here, `fallback` says what to do.
        """
        point = point_of(request, public_id, ApiToken.Scope.PLANS_READ)
        start, end = window_of(request)
        home = point.household
        slots = cleared_plan(home.pk, home.community_id, home.own_from(start), end)
        steps, lacking = next_steps(plan_steps(home, now()))
        reserve = reserve_pct(home.pk, start)
        # What all agents were told are sums over the street.
        few: dict[str, None] = {} if street_hides(home.community_id) else {"signals": None}
        told = {
            "version": plan_version(reserve, slots, steps, lacking),
            "reserve_pct": reserve,
            "fallback": {"behaviour": FALLBACK, "reserve_pct": reserve},
            "slots": [{**asdict(slot), "version": slot.version, **few} for slot in slots],
            "next": [asdict(step) for step in steps],
            "lacking": [asdict(lack) for lack in lacking],
        }
        return Response(PlanSerializer(told).data)
