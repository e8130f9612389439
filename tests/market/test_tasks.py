"""The bell: which queue a ring goes to, how long it is worth hearing, and that it survives a broken connection."""

import json
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
import redis
from django.conf import settings
from django.db import connection

from config.celery import app
from market import tasks
from market.models import Slot
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker():
    """The broker's queues, empty before and after."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete("default", "solver", "training", "studio")
    yield client
    client.delete("default", "solver", "training", "studio")
    client.close()


def rings(broker, queue):
    """Task, arguments and seconds until it expires of every message that waits, oldest first."""
    found = []
    for message in broker.lrange(queue, 0, -1)[::-1]:
        headers = json.loads(message)["headers"]
        left = datetime.fromisoformat(headers["expires"]) - datetime.now(UTC)
        found.append((headers["task"].rpartition(".")[2], headers["kwargsrepr"], left))
    return found


def test_clearing_has_a_queue_of_its_own_and_a_ring_is_worth_nothing_once_the_next_tick_comes(broker):
    streets = [make.community(slug=f"calle-{n}", name=f"Calle {n}") for n in range(2)]
    closed = [make.slot(street, make.NOON - make.QUARTER) for street in streets]

    with patch("market.tasks.now", lambda: make.NOON - timedelta(minutes=10)):
        tasks.tick()

    orders = [slot.pk for slot in Slot.objects.filter(start=make.NOON).order_by("pk")]
    assert [ring[:2] for ring in rings(broker, "default")] == [
        ("order_slot", f"{{'slot_id': {pk}}}") for pk in orders
    ]
    assert [ring[:2] for ring in rings(broker, "solver")] == [
        ("clear_slot", f"{{'slot_id': {slot.pk}}}") for slot in closed
    ]
    lives = [ring[2] for ring in (*rings(broker, "default"), *rings(broker, "solver"))]
    assert all(timedelta() < left <= timedelta(seconds=settings.TICK_S) for left in lives)


def test_books_ring_only_for_communities_with_something_to_do(broker):
    busy, idle = (make.community(slug=f"calle-{n}", name=f"Calle {n}") for n in range(2))
    make.home(busy, "Ana", make.tariff())
    delivered = make.slot(busy, make.NOON - timedelta(hours=25))
    Slot.objects.filter(pk=delivered.pk).update(status="cleared", cleared_at=make.NOON)

    with patch("market.tasks.now", lambda: make.NOON):
        tasks.tick_books()

    assert [ring[:2] for ring in rings(broker, "default")] == [
        ("renew_forecasts", f"{{'community_id': {busy.pk}}}"),
        ("settle_slots", f"{{'community_id': {busy.pk}, 'slot_ids': [{delivered.pk}]}}"),
    ]


def test_the_hourly_sweep_asks_every_community_for_its_forecasts_and_months(broker):
    streets = [make.community(slug=f"calle-{n}", name=f"Calle {n}") for n in range(2)]

    tasks.sweep_books()

    assert [ring[:2] for ring in rings(broker, "default")] == [
        (task, f"{{'community_id': {street.pk}}}")
        for task in ("watch_forecasts", "close_months", "check_books")
        for street in streets
    ]


def test_a_worker_that_is_told_of_no_queue_serves_all():
    assert set(app.amqp.queues.consume_from) == {"default", "solver", "training", "studio"}


def test_beat_asks_only_for_tasks_that_exist():
    app.loader.import_default_modules()

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


@pytest.mark.usefixtures("owner")
def test_a_task_after_postgresql_dropped_the_connection_takes_a_new_one():
    slot = make.slot(make.community())
    drop_connection()
    with pytest.raises(Exception, match="terminat|closed"):
        Slot.objects.get(pk=slot.pk)

    as_a_worker(tasks.clear_slot, slot_id=slot.pk)

    slot.refresh_from_db()
    assert slot.status == "cleared"


def test_a_task_keeps_the_connection_of_the_one_before():
    slot = make.slot(make.community())
    before = backend()

    as_a_worker(tasks.clear_slot, slot_id=slot.pk)

    assert backend() == before
    assert app.conf.get("CELERY_DB_REUSE_MAX"), "or Celery closes it after each task"


def as_a_worker(task, **given):
    """Run a task as a worker does, with a request that came from the broker."""
    task.push_request(called_directly=False, is_eager=False)
    try:
        task(**given)
    finally:
        task.pop_request()


def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def drop_connection():
    """End this connection's process in PostgreSQL, from another connection."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend()])
    other.close()
