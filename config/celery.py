"""Celery only rings the bell: what is due is decided by PostgreSQL (`tasks.py` of each app)."""

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, Protocol, TypeVar

from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.signals import worker_process_init
from django.apps import apps
from django.db import DatabaseError, close_old_connections

from config.garbage import look_seldom
from config.logs import about
from config.tenancy import ALL, across_all, of_person, within

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Watcher(Protocol):
    """Whom every task tells how it ended: None if it is done, else why it is not."""

    def __call__(self, task: str, given: dict[str, Any], error: str | None) -> None: ...


watchers: list[Watcher] = []


SCOPE, OWNER = "scope", "owner"


def over_all(work: Callable[P, R]) -> Callable[P, R]:
    """This task concerns all communities."""
    setattr(work, SCOPE, ALL)
    return work


def of(way: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """This task is given a row's number; `way` is the row's to its community: `market.Slot.community_id`."""

    def told(work: Callable[P, R]) -> Callable[P, R]:
        setattr(work, SCOPE, way)
        return work

    return told


def of_owner(way: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """This task is given a row's number; `way` is the row's to the person whose it is, and to no community."""

    def told(work: Callable[P, R]) -> Callable[P, R]:
        setattr(work, OWNER, way)
        return work

    return told


class SiteTask(DjangoTask):  # type: ignore[type-arg]  # it takes no parameter at run time
    """A task that keeps its process's connection to PostgreSQL as a request does: while it is young and answers.

    By itself Celery connects anew for each task (`CELERY_DB_REUSE_MAX` forbids it to), which takes longer than
    clearing a slot where nothing binds.

    It runs within the community that it is given (`community_id`), or that of the row it is given (`of`); what is
    `over_all` concerns every community, what is `of_owner` one person, what is none of these nobody.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Called as a function it may be inside a transaction; the connection is then its caller's business.
        if not (self.request.called_directly or self.request.is_eager):
            close_old_connections()
        told = {name: value for name, value in kwargs.items() if name.endswith("_id") and isinstance(value, int)}
        with about(task=self.name, **told), self._scope(kwargs):
            return self.run(*args, **kwargs)

    def _scope(self, given: dict[str, Any]) -> AbstractContextManager[None]:
        said = getattr(self.run, SCOPE, "")
        if said == ALL:
            return across_all()
        if owner := getattr(self.run, OWNER, ""):
            return of_person(_looked_up(owner, given))
        return within(_looked_up(said, given) if said else given.get("community_id"))

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        self._tell(kwargs, None)

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        self._tell(kwargs, f"{type(exc).__name__}: {exc}")

    def on_retry(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        self._tell(kwargs, f"{type(exc).__name__}: {exc}")

    def _tell(self, given: dict[str, Any], error: str | None) -> None:
        """A watcher's own trouble must not become the task's."""
        close_old_connections()
        for watcher in watchers:
            try:
                with across_all():
                    watcher(self.name, given, error)
            except DatabaseError:
                logger.exception("How %s ended could not be noted", self.name)


def _looked_up(way: str, given: dict[str, Any]) -> int | None:
    """Where the way from the row that a task is given leads."""
    app_label, model, field = way.split(".")
    with across_all():
        rows = apps.get_model(app_label, model)._base_manager.filter(pk=next(iter(given.values())))
        found: int | None = rows.values_list(field, flat=True).first()
    return found


app = Celery("azotea", task_cls=SiteTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["community", "market", "metering"])


@worker_process_init.connect(weak=False)
def _ready(**_told: Any) -> None:
    """A worker's process has loaded all tasks."""
    look_seldom()
