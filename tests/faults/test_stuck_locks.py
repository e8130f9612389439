"""Somebody who hangs with a lock in hand holds up nobody for long; a worker that is told to end leaves nothing half done."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from config.patience import let_think
from market import tasks
from market.models import Outcome, Settlement, Slot, Trade
from market.services.clear import clear_slot
from market.services.settle import settle_slots
from tests import factories as make
from tests.market.test_settling import order

pytestmark = pytest.mark.django_db(transaction=True)
DAYS_LATER = make.NOON + timedelta(days=2)


@contextmanager
def stuck(table, pk):
    """Somebody locks a row and then says nothing."""
    database = connection.settings_dict
    with psycopg.connect(
        dbname=database["NAME"], user=database["USER"], host=database["HOST"], port=database["PORT"] or None
    ) as other:
        other.execute(f"SELECT FROM {table} WHERE id = %s FOR UPDATE", [pk])
        yield other


@pytest.fixture
def impatient():
    """A connection with the same limit, only shorter: nobody waits in a test."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    yield
    connection.close()


def told(name):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


def delivered(slug):
    """A street with a slot that can be settled."""
    street = make.community(slug=slug, name=slug)
    slot = make.slot(street)
    Slot.objects.filter(pk=slot.pk).update(status="cleared", cleared_at=slot.gate_closure)
    return street, slot


def test_every_connection_waits_five_seconds_for_a_lock_and_half_a_minute_for_a_word():
    assert (told("lock_timeout"), told("idle_in_transaction_session_timeout")) == ("5s", "30s")


def test_what_thinks_for_long_says_so_for_its_transaction_alone():
    with transaction.atomic():
        let_think()
        assert told("idle_in_transaction_session_timeout") == "5min"
    assert told("idle_in_transaction_session_timeout") == "30s"


def test_a_stuck_street_is_given_up_and_the_others_are_settled(impatient):
    (held, its_slot), (free, other_slot) = delivered("held"), delivered("free")

    with stuck("community_community", held.pk):
        with pytest.raises(OperationalError, match="lock timeout"):
            settle_slots(community=held, slot_ids=[its_slot.pk], at=DAYS_LATER)
        assert settle_slots(community=free, slot_ids=[other_slot.pk], at=DAYS_LATER) == 1

    assert settle_slots(community=held, slot_ids=[its_slot.pk], at=DAYS_LATER) == 1, "and later it goes on"
    assert Settlement.objects.count() == 2


def test_a_transaction_that_says_nothing_is_ended_and_its_lock_is_free(impatient):
    street, slot = delivered("held")

    with stuck("community_community", street.pk) as other:
        other.execute("SET idle_in_transaction_session_timeout = '100ms'")
        time.sleep(1)
        assert settle_slots(community=street, slot_ids=[slot.pk], at=DAYS_LATER) == 1
        with pytest.raises(psycopg.Error, match="idle"):
            other.execute("SELECT 1")


def test_a_gateway_that_meets_a_stuck_meter_is_asked_to_come_again(client, impatient):
    home = make.home(make.community(), "Ana", make.tariff())
    point, bearer = make.meter(home), make.token(home)
    body = {"readings": [{"start": "2026-11-23T11:00:00Z", "channel": "import", "energy_wh": 100}]}

    def send():
        return client.post(
            reverse("api-readings", args=[point.public_id]),
            body,
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {bearer}",
        )

    with stuck("metering_meteringpoint", point.pk):
        answer = send()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json()["code"] == "busy"
    assert send().status_code in {200, 201}


def test_a_page_that_meets_a_stuck_street_says_so(client, impatient):
    street = make.community()
    admin = make.member(street, "Ana", role="admin")
    client.force_login(admin.user)
    with patch("market.views.rules.page", side_effect=lambda *_, **__: settle_slots(
        community=street, slot_ids=[], at=DAYS_LATER
    )), stuck("community_community", street.pk):  # fmt: skip
        answer = client.get(reverse("street-rules"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Nothing was changed" in answer.content.decode() or "No se ha cambiado nada" in answer.content.decode()


# A real worker whose clearing hangs before the commit.
WORKER = """
import os, sys, time, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from market import tasks
from market.models import Slot
from market.services import clear
def hang(*_):
    os.write(1, b"inside\\n")
    time.sleep(60)
clear._curtail = hang
tasks.now = lambda: Slot.objects.get().gate_closure
from config.celery import app
app.conf.worker_soft_shutdown_timeout = 1
app.worker_main(["worker", "--queues", "solver", "--concurrency", "1", "--without-mingle", "--without-gossip"])
"""


def test_a_worker_that_is_told_to_end_rolls_back_what_takes_too_long_and_gives_it_back():
    street = make.community()
    offer = make.tariff()
    slot = make.slot(street)
    order(slot, make.home(street, "Ana", offer), "sell", 1_000, 90_000)
    order(slot, make.home(street, "Bruno", offer), "buy", 1_000, 150_000)
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete("solver")
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, connection.settings_dict["NAME"]],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "REMAP_SIGTERM": "SIGQUIT"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        tasks.clear_slot.delay(slot_id=slot.pk)
        assert b"inside\n" in iter(worker.stdout.readline, b"")

        worker.send_signal(signal.SIGTERM)
        worker.wait(120)

        slot.refresh_from_db()
        assert slot.status == "open"
        assert not Trade.objects.exists()
        assert not Outcome.objects.exists()
        assert broker.llen("solver") == 1, "another worker hears it"
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
        assert Trade.objects.count() == 2
    finally:
        worker.kill()
        worker.communicate()
        broker.delete("solver")
        broker.close()
