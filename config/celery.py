"""Celery only rings the bell: what is due is decided by PostgreSQL (`tasks.py` of each app)."""

import os
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class SiteTask(DjangoTask):  # type: ignore[type-arg]  # it takes no parameter at run time
    """A task that keeps its process's connection to PostgreSQL as a request does: while it is young and answers.

    By itself Celery connects anew for each task (`CELERY_DB_REUSE_MAX` forbids it to), which takes longer than
    clearing a slot where nothing binds.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Called as a function it may be inside a transaction; the connection is then its caller's business.
        if not (self.request.called_directly or self.request.is_eager):
            close_old_connections()
        return self.run(*args, **kwargs)


app = Celery("azotea", task_cls=SiteTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["community", "market", "metering"])
