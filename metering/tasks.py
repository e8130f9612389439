"""Celery's side of metering: large files are read and stored while nobody waits for a page.

Who rings from a page or the API does it through `ring`: PostgreSQL remembers what is to be done, so a broker
that is away costs a minute, not the file.
"""

import logging
from datetime import timedelta
from functools import partial
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.db import OperationalError
from kombu.exceptions import OperationalError as BrokerAway

from community.models import Community
from config.celery import app, of, over_all
from config.clock import now
from metering import progress
from metering.datadis.portal import Portal
from metering.formats import UnreadableFile
from metering.models import MeterFile
from metering.services import datadis, meter_files
from metering.services.previews import preview
from metering.services.summaries import summary

logger = logging.getLogger(__name__)
# A web process asks for this app's broker, too.
app.set_default()
# A file that nobody has begun to store by then was asked for when no worker listened.
FORGOTTEN = timedelta(minutes=2)


def ring(task: "Task[Any, None]", **given: int) -> None:
    """Ask a worker for something that the sweep finds as well."""
    try:
        task.delay(**given)
    except BrokerAway:
        logger.exception("Nobody was rung for %s: the broker is away", task.name)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("metering.MeterFile.community_id")
def look_at_file(*, file_id: int) -> None:
    """Read a large file for its page; a file that cannot be read says why."""
    file = MeterFile.objects.select_related("community", "metering_point", "mapping", "token").get(pk=file_id)
    progress.tell(file_id, "reading", 0, file.size)
    try:
        progress.keep_summary(file_id, summary(preview(file=file, at=now())))
    except UnreadableFile as error:
        meter_files.note_failure(file_id=file_id, failure={"code": error.code, **error.facts})


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("metering.MeterFile.community_id")
def store_file(*, file_id: int) -> None:
    """Store the readings of a file that somebody asked to be stored."""
    meter_files.store_asked(file_id=file_id, at=now(), progress=partial(progress.tell, file_id))
    progress.forget(file_id)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def sweep_files() -> None:
    """Ring again for files whose ring got lost."""
    for file_id in meter_files.asked_before(now() - FORGOTTEN):
        ring(store_file, file_id=file_id)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def pull_datadis() -> None:
    """Ring for every meter whose closed months are due."""
    if not settings.DATADIS_URL:
        return
    at = now()
    for community in Community.objects.order_by("pk"):
        for consent_id in datadis.due_consents(community=community, at=at):
            ring(pull_meter, consent_id=consent_id)


@shared_task
@of("metering.Consent.metering_point__household__community_id")
def pull_meter(*, consent_id: int) -> None:
    """Ask Datadis for one meter."""
    connect = partial(Portal, settings.DATADIS_URL, local=settings.OUTBOUND_LOCAL)
    datadis.pull(consent_id=consent_id, at=now(), connect=connect)
