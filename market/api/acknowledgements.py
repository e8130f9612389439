"""What a home answers to the market's suggestions: it follows, does something else, or refuses."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.clock import now
from market.models import Acknowledgement
from market.services.acknowledgements import Answer, Unanswerable, acknowledge
from metering.api.access import point_of
from metering.api.bodies import JSON, body_of
from metering.api.problems import RowsRefused
from metering.api.rows import Fault, choice, fields_of, instant, rows_of, whole
from metering.api.serializers import ProblemSerializer
from metering.models import ApiToken
from metering.services.readings import MOST_ERRORS

COLLECTION = "acknowledgements"
ANSWERS = tuple(Acknowledgement.Answer.values)
NEEDED = frozenset({"device", "start", "version", "answer"})
KNOWN = NEEDED | {"reason", "energy_wh"}
LONGEST = {"version": 16, "reason": 200}


class AnswerSerializer(serializers.Serializer[Any]):
    """The answer to one device's set-point in one slot, whose `start` and `version` the plan told."""

    device = serializers.IntegerField()
    start = serializers.DateTimeField()
    version = serializers.CharField(max_length=16)
    answer = serializers.ChoiceField(ANSWERS)
    reason = serializers.CharField(max_length=200, required=False, help_text="shown to the home's owner")
    energy_wh = serializers.IntegerField(
        required=False, allow_null=True, help_text="what the device does instead: needed with changed"
    )


class AnswersSerializer(serializers.Serializer[Any]):
    acknowledgements = AnswerSerializer(many=True)


class AcknowledgedSerializer(serializers.Serializer[Any]):
    """How many answers were new, replaced an older one, or said the same as before."""

    created = serializers.IntegerField()
    revised = serializers.IntegerField()
    unchanged = serializers.IntegerField()


EXAMPLE = OpenApiExample(
    "The battery does half",
    value={
        COLLECTION: [
            {
                "device": 7,
                "start": "2026-11-23T12:00:00+01:00",
                "version": "5f1c8a90d2be7c34",
                "answer": "changed",
                "energy_wh": 250,
                "reason": "Nearly full",
            }
        ]
    },
    request_only=True,
)


class Acknowledgements(APIView):
    """Answers of the home behind one metering point."""

    @extend_schema(
        request={JSON: AnswersSerializer},
        responses={
            201: AcknowledgedSerializer,
            200: AcknowledgedSerializer,
            400: ProblemSerializer,
            404: ProblemSerializer,
            422: ProblemSerializer,
        },
        examples=[EXAMPLE],
        tags=["plan"],
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Answer suggestions, all or none; the same again changes nothing, another answer replaces it."""
        point = point_of(request, public_id, ApiToken.Scope.STATES_WRITE)
        _raw, body = body_of(request, COLLECTION)
        answers = rows_of(body, COLLECTION, answer_of)
        try:
            done = acknowledge(household=point.household, answers=answers, at=now())
        except Unanswerable as error:
            raise RowsRefused(error.errors[:MOST_ERRORS], len(error.errors), COLLECTION) from error
        news = done.created or done.revised
        return Response(asdict(done), status.HTTP_201_CREATED if news else status.HTTP_200_OK)


def answer_of(row: Any, _i: int) -> Answer:
    """`{"device", "start", "version", "answer", "reason"?, "energy_wh"?}`. Raises `Fault`."""
    fields = fields_of(row, NEEDED, KNOWN)
    answer = choice(fields, "answer", ANSWERS)
    energy_wh = None if fields.get("energy_wh") is None else whole(fields, "energy_wh")
    if answer == Acknowledgement.Answer.CHANGED and energy_wh is None:
        message = _("Say in energy_wh what the device does instead: + takes, − gives.")
        raise Fault("energy_wh", "missing", message)
    if answer == Acknowledgement.Answer.ACCEPTED and energy_wh is not None:
        message = _("Leave energy_wh out, or answer changed: accepted means that the device does as suggested.")
        raise Fault("energy_wh", "contradiction", message)
    return Answer(
        device_id=whole(fields, "device", least=1),
        start=instant(fields, "start"),
        version=_text(fields, "version"),
        answer=answer,
        reason=_text(fields, "reason"),
        energy_wh=energy_wh,
    )


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST[name] or not value.isprintable():
        message = _("Send a text of one line, %(most)d characters at most.") % {"most": LONGEST[name]}
        raise Fault(name, "not-a-text", message)
    return value.strip()
