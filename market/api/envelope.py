"""What a gateway may always take and give: its home's operating envelope."""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from market.queries.envelopes import street_envelopes
from metering.api.access import point_of
from metering.api.serializers import ProblemSerializer
from metering.models import ApiToken


class EnvelopeSerializer(serializers.Serializer[Any]):
    """W that the home may take and give at any time, whatever its neighbours do inside their envelopes."""

    import_w = serializers.IntegerField()
    export_w = serializers.IntegerField()


class OperatingEnvelope(APIView):
    """The guaranteed right of one connection."""

    @extend_schema(responses={200: EnvelopeSerializer, 404: ProblemSerializer}, tags=["plan"])
    def get(self, request: Request, public_id: UUID) -> Response:
        """The envelope of the home behind a metering point; 404 where the street's cables are not known."""
        home = point_of(request, public_id, ApiToken.Scope.PLANS_READ).household
        envelope = street_envelopes(home.community).get(home.pk)
        if envelope is None:
            raise Http404
        told = {"import_w": int(envelope.import_w), "export_w": int(envelope.export_w)}
        return Response(EnvelopeSerializer(told).data)
