"""Asking a member to look after a meter: at most once a day for a month."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max

from community.models import Community, Member
from metering.models import MeteringPoint, Reminder

NOT_AGAIN_IN = timedelta(hours=20)


@transaction.atomic
def remind(
    *, metering_point: MeteringPoint, month: date, sent_by: Member, at: datetime, send: Callable[[], object]
) -> bool:
    """Send a reminder and note it; False if one was sent a moment ago. What `send` raises leaves no note."""
    MeteringPoint.objects.select_for_update().get(pk=metering_point.pk)
    recent = Reminder.objects.filter(metering_point=metering_point, month=month, sent_at__gt=at - NOT_AGAIN_IN)
    if recent.exists():
        return False
    Reminder.objects.create(metering_point=metering_point, month=month, sent_by=sent_by, sent_at=at)
    send()
    return True


def reminded(*, community: Community, month: date) -> dict[int, datetime]:
    """When each meter's member was last asked about a month."""
    sent = Reminder.objects.filter(metering_point__household__community=community, month=month)
    return dict(sent.values_list("metering_point_id").annotate(Max("sent_at")))
