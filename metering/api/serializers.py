"""The shapes of the metering API, for answers and for its description."""

from typing import Any

from rest_framework import serializers

from metering.models import MeteringPoint, Reading, Upload


class MeteringPointSerializer(serializers.ModelSerializer[MeteringPoint]):
    id = serializers.UUIDField(source="public_id")
    household = serializers.CharField(source="household.name")

    class Meta:
        model = MeteringPoint
        fields = ("id", "cups", "household", "resolution_minutes")


class ReadingRowSerializer(serializers.Serializer[Any]):
    """One interval; its length is the metering point's resolution."""

    channel = serializers.ChoiceField(Reading.Channel.choices)
    start = serializers.DateTimeField(help_text="with offset, on the meter's grid", required=False)
    energy_wh = serializers.IntegerField(min_value=0, required=False)
    power_w = serializers.IntegerField(min_value=0, required=False)
    at = serializers.DateTimeField(help_text="of a register, with offset", required=False)
    register_wh = serializers.IntegerField(min_value=0, required=False)
    quality = serializers.ChoiceField(Reading.Quality.choices, required=False)


class ReadingsSerializer(serializers.Serializer[Any]):
    """`average_power` takes `power_w` in the place of `energy_wh`; `register` takes `at` and `register_wh`."""

    kind = serializers.ChoiceField(["interval_energy", "average_power", "register"], required=False)
    readings = ReadingRowSerializer(many=True)


class ReadingSerializer(serializers.ModelSerializer[Reading]):
    """The newest version of one interval."""

    end = serializers.DateTimeField()

    class Meta:
        model = Reading
        fields = (
            "channel",
            "start",
            "end",
            "resolution_minutes",
            "energy_wh",
            "quality",
            "version",
            "received_at",
        )


class SumSerializer(serializers.Serializer[Any]):
    """Energy of an hour, a local day or a local month; `present` of the `expected` intervals are known."""

    channel = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    energy_wh = serializers.IntegerField()
    expected = serializers.IntegerField()
    present = serializers.IntegerField()
    estimated = serializers.IntegerField()


class StateSerializer(serializers.Serializer[Any]):
    """What a device said at one instant; `energy_wh` since the report before, + taken, − given."""

    device = serializers.IntegerField()
    at = serializers.DateTimeField()
    energy_wh = serializers.IntegerField(required=False, allow_null=True)
    soc_wh = serializers.IntegerField(required=False, allow_null=True)
    plugged_in = serializers.BooleanField(required=False)
    need_wh = serializers.IntegerField(required=False)
    ready_by = serializers.DateTimeField(required=False, allow_null=True)
    model = serializers.CharField(required=False, max_length=80)
    firmware = serializers.CharField(required=False, max_length=80)


class StatesSerializer(serializers.Serializer[Any]):
    states = StateSerializer(many=True)


class RowProblemSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    pointer = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class WarningSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    row = serializers.IntegerField(help_text="the first of them")
    count = serializers.IntegerField()


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """What became of an upload; `errors` names up to 100 rejected rows."""

    upload = serializers.UUIDField(source="public_id")
    rejected = serializers.IntegerField(default=0)
    errors = RowProblemSerializer(many=True, default=list)  # type: ignore[assignment]
    warnings = WarningSerializer(many=True, default=list)

    class Meta:
        model = Upload
        fields = (
            "upload", "received", "created", "unchanged", "revised", "set_aside", "rejected", "errors", "warnings",
        )  # fmt: skip


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457; `code` is stable, the words follow Accept-Language."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = RowProblemSerializer(many=True, required=False)  # type: ignore[assignment]
