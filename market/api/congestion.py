"""The congestion log of a month over the API: the street in sums, and one home's own part."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from community.anonymity import street_hides
from market.grid.congestion import ElementLog
from market.queries.congestion import CongestionMonth, StreetHeld, congestion_month
from market.queries.held_back import HomeLog
from metering.api.access import point_of
from metering.api.parameters import month_of
from metering.api.serializers import ProblemSerializer
from metering.models import ApiToken


class HeldSerializer(serializers.Serializer[Any]):
    """Energy that the cables held back, of what was asked for in the month; Wh."""

    held_wh = serializers.IntegerField()
    asked_wh = serializers.IntegerField()


class ElementSerializer(serializers.Serializer[Any]):
    """One limit; `phase` is empty where it is about all three together."""

    element = serializers.CharField()
    kind = serializers.CharField(help_text="import, export, transformer, line, voltage_high or voltage_low")
    phase = serializers.CharField(allow_blank=True)
    congested_minutes = serializers.IntegerField()
    largest_loading_pct = serializers.FloatField(
        allow_null=True, help_text="null where fewer than five homes stand behind it, as rent_neur is"
    )
    largest_worth_ueur_kwh = serializers.IntegerField(help_text="of one more kWh through it, µ€")
    rent_neur = serializers.IntegerField(allow_null=True)


class StreetSerializer(serializers.Serializer[Any]):
    """All homes together. Figures of power flow are null where it did not look, sums where few homes make them."""

    cleared_minutes = serializers.IntegerField()
    congested_minutes = serializers.IntegerField(help_text="with at least one limit full")
    sun = HeldSerializer(
        allow_null=True, help_text="null where fewer than five homes make it, as the next two are"
    )
    wishes = HeldSerializer(allow_null=True)
    battery = HeldSerializer(allow_null=True)
    lost_neur = serializers.IntegerField(
        allow_null=True, help_text="gain that what was held back would have brought, n€"
    )
    rent_neur = serializers.IntegerField(
        allow_null=True, help_text="null where fewer than five homes bought or sold for it"
    )
    loss_wh = serializers.IntegerField()
    voltage_min_pu = serializers.FloatField(allow_null=True)
    voltage_max_pu = serializers.FloatField(allow_null=True)
    loading_max_pct = serializers.FloatField(allow_null=True)
    slots_cleared_again = serializers.IntegerField()
    emergencies = serializers.IntegerField()


class HomeSerializer(serializers.Serializer[Any]):
    """The home behind the metering point; mean prices are null where it traded nothing."""

    sun = HeldSerializer()
    wishes = HeldSerializer()
    battery = HeldSerializer()
    lost_neur = serializers.IntegerField()
    bought_wh = serializers.IntegerField()
    mean_bought_ueur_kwh = serializers.IntegerField(allow_null=True)
    sold_wh = serializers.IntegerField()
    mean_sold_ueur_kwh = serializers.IntegerField(allow_null=True)


class FairnessSerializer(serializers.Serializer[Any]):
    """Each from 0 to 1; null where there is nothing to compare, or fewer than five homes would be."""

    jain_passed = serializers.FloatField(allow_null=True)
    gini_held = serializers.FloatField(allow_null=True)
    qos = serializers.FloatField(allow_null=True)
    qoe = serializers.FloatField(allow_null=True)
    min_over_max = serializers.FloatField(allow_null=True)


class CongestionSerializer(serializers.Serializer[Any]):
    month = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    fairness_rule = serializers.CharField()
    street = StreetSerializer(allow_null=True, help_text="null where fewer than five homes trade")
    elements = ElementSerializer(many=True, allow_null=True)
    home = HomeSerializer(allow_null=True, help_text="null where the month began before the present resident came")
    fairness = FairnessSerializer(allow_null=True)


class MonthCongestion(APIView):
    """What the street's cables held back in one local month."""

    @extend_schema(
        parameters=[OpenApiParameter("month", str, required=True, description="such as 2026-10")],
        responses={200: CongestionSerializer, 400: ProblemSerializer, 404: ProblemSerializer},
        tags=["plan"],
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """The month's log: limits, what they held back, and how evenly; of the running month, so far."""
        home = point_of(request, public_id, ApiToken.Scope.PLANS_READ).household
        found = congestion_month(home.community, month_of(request))
        sums = street_hides(home.community_id)
        answer = {
            "month": f"{found.month:%Y-%m}",
            "start": found.start,
            "end": found.end,
            "fairness_rule": found.rule,
            "street": _street(found) if sums else None,
            "elements": _elements(found.limits([home])) if sums else None,
            "home": _home(found.home(home)) if found.month >= home.own_since else None,
            "fairness": found.fairness if sums else None,
        }
        return Response(CongestionSerializer(answer).data)


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


def _kinds(log: HomeLog | StreetHeld) -> dict[str, Any]:
    return {"sun": log.sun, "wishes": log.wishes, "battery": log.battery, "lost_neur": log.lost_neur}


def _street(found: CongestionMonth) -> dict[str, Any]:
    log = found.log
    return {
        **_kinds(found.told),
        "cleared_minutes": _minutes(log.cleared),
        "congested_minutes": _minutes(log.congested),
        "rent_neur": found.rent_neur,
        "loss_wh": log.loss_wh,
        "voltage_min_pu": log.voltage_min_pu,
        "voltage_max_pu": log.voltage_max_pu,
        "loading_max_pct": log.loading_max_pct,
        "slots_cleared_again": log.cleared_again,
        "emergencies": log.emergencies,
    }


def _elements(limits: Sequence[ElementLog]) -> list[dict[str, Any]]:
    return [
        {
            "element": one.element,
            "kind": one.kind,
            "phase": one.phase,
            "congested_minutes": _minutes(one.congested),
            "largest_loading_pct": one.loading_pct,
            "largest_worth_ueur_kwh": one.shadow_ueur_kwh,
            "rent_neur": one.rent_neur,
        }
        for one in limits
    ]


def _home(log: HomeLog) -> dict[str, Any]:
    return {
        **_kinds(log),
        "bought_wh": log.bought_wh,
        "mean_bought_ueur_kwh": log.bought_ueur_kwh,
        "sold_wh": log.sold_wh,
        "mean_sold_ueur_kwh": log.sold_ueur_kwh,
    }
