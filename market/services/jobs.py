"""What workers could not do: noted, shown to the operator, asked for again, and forgotten once it is done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from config.logs import redacted
from market.models import FailedJob

MOST_ERROR = 500
# Tasks that find done what is done, however often they are rung for. A letter that a mail server took and a portal
# that answers once a day are not among them.
MAY_BE_REPEATED = frozenset({
    "market.tasks.order_slot", "market.tasks.clear_slot", "market.tasks.renew_forecasts", "market.tasks.learn",
    "market.tasks.watch_forecasts", "market.tasks.settle_slots", "market.tasks.close_months",
    "market.tasks.check_books", "market.tasks.advise_sharing", "market.tasks.look_back", "market.tasks.train",
    "market.tasks.review_policy", "market.tasks.live_pilot_month", "metering.tasks.store_file",
    "metering.tasks.look_at_file", "market.tasks.write_notices",
})  # fmt: skip


class MayNotBeRepeated(ValueError):
    """Doing this task again could do something twice."""


@transaction.atomic
def note_failure(*, task: str, given: Mapping[str, Any], error: str, at: datetime) -> None:
    """Remember that a task failed, or failed once more."""
    said = redacted(error)[:MOST_ERROR]
    row, made = FailedJob.objects.get_or_create(
        task=task, given=dict(given), defaults={"error": said, "first_at": at, "last_at": at}
    )
    if not made:
        FailedJob.objects.filter(pk=row.pk).update(error=said, last_at=at, attempts=F("attempts") + 1)


def note_success(*, task: str, given: Mapping[str, Any]) -> None:
    """Forget that a task ever failed."""
    FailedJob.objects.filter(task=task, given=dict(given)).delete()


def to_repeat(*, job_id: int) -> FailedJob:
    """A failed job that may be rung for again. Raises `MayNotBeRepeated`; `FailedJob.DoesNotExist` once done."""
    job = FailedJob.objects.get(pk=job_id)
    if job.task not in MAY_BE_REPEATED:
        raise MayNotBeRepeated(job.task)
    return job
