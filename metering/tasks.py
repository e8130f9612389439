"""Celery's side of metering: large files are read and stored while nobody waits for a page."""

from datetime import timedelta
from functools import partial

from celery import shared_task
from django.conf import settings
from django.db import OperationalError

from community.models import Community
from config.clock import now
from metering import progress
from metering.datadis.portal import Portal
from metering.formats import UnreadableFile
from metering.models import MeterFile
from metering.services import datadis, meter_files
from metering.services.previews import preview
from metering.services.summaries import summary

# A file that nobody has begun to store by then was asked for when no worker listened.
FORGOTTEN = timedelta(minutes=2)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def look_at_file(*, file_id: int) -> None:
    """Read a large file for its page; a file that cannot be read says why."""
    file = MeterFile.objects.select_related("community", "metering_point", "mapping", "token").get(pk=file_id)
    progress.tell(file_id, "reading", 0, file.size)
    try:
        progress.keep_summary(file_id, summary(preview(file=file, at=now())))
    except UnreadableFile as error:
        meter_files.note_failure(file_id=file_id, failure={"code": error.code, **error.facts})


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def store_file(*, file_id: int) -> None:
    """Store the readings of a file that somebody asked to be stored."""
    meter_files.store_asked(file_id=file_id, at=now(), progress=partial(progress.tell, file_id))
    progress.forget(file_id)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def sweep_files() -> None:
    """Ring again for files whose ring got lost."""
    for file_id in meter_files.asked_before(now() - FORGOTTEN):
        store_file.delay(file_id=file_id)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def pull_datadis() -> None:
    """Ring for every meter whose closed months are due."""
    if not settings.DATADIS_URL:
        return
    at = now()
    for community in Community.objects.order_by("pk"):
        for consent_id in datadis.due_consents(community=community, at=at):
            pull_meter.delay(consent_id=consent_id)


@shared_task
def pull_meter(*, consent_id: int) -> None:
    """Ask Datadis for one meter."""
    datadis.pull(consent_id=consent_id, at=now(), connect=partial(Portal, settings.DATADIS_URL))
