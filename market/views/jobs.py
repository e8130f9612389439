"""The operator's page of what workers have to do, what they could not do, and what waits."""

import logging

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerAway

from community.access import operators_only
from community.pages import page
from config import queues
from config.celery import app
from config.clock import now
from market.models import FailedJob
from market.queries import operations
from market.services.jobs import MAY_BE_REPEATED, MayNotBeRepeated, to_repeat
from market.wording.status import queue_name
from metering.models import MeterFile

logger = logging.getLogger(__name__)
SHOWN = 50


@never_cache
@operators_only
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """What is due and late, what failed last, and files that wait."""
    at = now()
    slots, day = operations.slots_to_clear(at), operations.slots_of_last_day(at)
    waiting = queues.waiting()
    named = None if waiting is None else [(queue_name(name), count) for name, count in sorted(waiting.items())]
    failed = FailedJob.objects.order_by("-last_at", "-pk")[:SHOWN]
    context = {
        "slots": {name: int(value) for name, value in (slots | day).items()},
        "late": operations.late_slots(at, SHOWN),
        "queues": named,
        "failed": [(job, job.task in MAY_BE_REPEATED) for job in failed],
        "files": MeterFile.objects.filter(asked_at__isnull=False, committed_at__isnull=True, failure__isnull=True)
        .defer("content").select_related("community").order_by("asked_at")[:SHOWN],
    }  # fmt: skip
    return page(request, "market/jobs.html", context)


@operators_only
@require_POST
def repeat_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Ring again for what failed. By name: a web process never loads the solver."""
    get_object_or_404(FailedJob, pk=pk)
    try:
        job = to_repeat(job_id=pk)
        app.send_task(job.task, kwargs=job.given)
    except MayNotBeRepeated:
        messages.error(request, _("This cannot be asked for again: it might be done twice."))
    except BrokerAway:
        logger.exception("Nobody was rung: the broker is away")
        messages.error(request, _("The broker is away; nobody was asked."))
    else:
        messages.success(request, _("A worker was asked to try again. Once it is done it leaves this page."))
    return redirect("jobs")
