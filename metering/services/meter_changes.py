"""Declared changes of a meter's dials: what was set aside since then is judged anew."""

from datetime import datetime

from community.models import Member, What
from community.services.audit import record
from metering.models import MeterChange, MeteringPoint, RegisterReading, Upload
from metering.queries import newest
from metering.services.readings import nothing_yet
from metering.services.registers import difference, reach
from metering.services.storing import storing


class ChangeKnown(ValueError):
    """A change of this dial at this instant is declared already."""


class ChangeContradicts(ValueError):
    """With this change, registers that counted so far could not be true, or none that was set aside can."""


def declare_change(
    *,
    metering_point: MeteringPoint,
    channel: str,
    changed_at: datetime,
    final_wh: int,
    first_wh: int,
    declared_by: Member,
    at: datetime,
) -> Upload:
    """Declare that a dial ended at `final_wh` and another went on from `first_wh` at `changed_at`.

    Everything since then is judged anew; the returned upload tells how many registers count now that did not.
    A dial that only began anew at zero ended at its highest figure plus one. Raises `ChangeKnown` and
    `ChangeContradicts`.
    """
    dial = {"metering_point": metering_point, "channel": channel}
    since = RegisterReading.objects.filter(**dial, at__gte=changed_at)
    with storing([metering_point], reach(metering_point, since)):
        change, new = MeterChange.objects.get_or_create(
            **dial,
            at=changed_at,
            defaults={"final_wh": final_wh, "first_wh": first_wh, "declared_by": declared_by, "declared_at": at},
        )
        if not new:
            raise ChangeKnown(changed_at)
        again = newest(since.all())
        upload = nothing_yet(
            metering_point=metering_point,
            source=Upload.Source.CHANGE,
            content_sha256="",
            received_at=at,
            received=len(again),
        )
        upload.save()
        _judge_again(upload, channel, again)
        home = metering_point.household
        record(What.METER_CHANGED, community=home.community, at=at, by=declared_by, about=change, household=home)
    return upload


def _judge_again(upload: Upload, channel: str, again: list[RegisterReading]) -> None:
    """Judge what came since the change; counts what counts now. Raises `ChangeContradicts`."""
    counted = {one.pk for one in again if not one.set_aside}
    if again:
        difference(upload, channel, again)
    aside = {one.pk for one in again if one.set_aside}
    if aside & counted or (aside and len(aside) == len(again)):
        raise ChangeContradicts(channel)
    upload.set_aside, upload.unchanged = len(aside), len(counted)
    upload.revised = len(again) - upload.set_aside - upload.unchanged
    upload.save(update_fields=["set_aside", "revised", "unchanged"])
