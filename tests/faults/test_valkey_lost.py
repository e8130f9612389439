"""Valkey killed or emptied: what was rung is lost and gets rung again; meters and people notice nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError as KombuError

from config.celery import app
from config.programs import valkey
from config.programs.processes import wait_for_end
from market import tasks
from market.models import Entry, Settlement
from market.queries.fsck import faults
from metering.api import rate_limits
from metering.models import Reading
from tests import factories as make
from tests.faults.slots import cleared, homes_of

pytestmark = pytest.mark.django_db(transaction=True)

AT = make.NOON + timedelta(hours=2)
BEGIN = """
import sys, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from datetime import datetime
from config.celery import app
from market import tasks
tasks.now = lambda: datetime.fromisoformat(sys.argv[2])
"""
WORKS = (
    BEGIN
    + 'app.worker_main(["worker", "--pool=solo", "--loglevel=ERROR", "--without-mingle", "--without-gossip"])'
)


class Broker:
    """A Valkey that keeps nothing on disk, so that a kill takes all with it."""

    def __init__(self, folder):
        self.folder, self.address = folder, ""
        self.start()

    def start(self):
        self.address = valkey.start(
            self.folder / "valkey", self.folder / "valkey.log", password="spare", before=self.address, hasty=True,
            dies_with_us=True,
        )  # fmt: skip
        self.client = redis.Redis.from_url(self.address)
        self.pid = self.client.info("server")["process_id"]

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        assert wait_for_end(self.pid, 10)

    def waiting(self):
        return self.client.llen("default")

    def command(self, program):
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "REDIS_URL": self.address}
        told = [sys.executable, "-c", program, connection.settings_dict["NAME"], AT.isoformat()]
        return {"args": told, "env": environment}


@pytest.fixture
def broker(tmp_path, settings, monkeypatch):
    broker = Broker(tmp_path)
    for door in ("market.tasks", "metering.api.authentication", "metering.api.views"):
        monkeypatch.setattr(f"{door}.now", lambda: AT)
    usual_address, app.conf.broker_write_url = app.conf.broker_write_url, broker.address
    app.amqp._producer_pool = None
    settings.REDIS_URL = broker.address
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": broker.address}}
    rate_limits._redis.cache_clear()
    yield broker
    app.conf.broker_write_url = usual_address
    app.amqp._producer_pool = None
    valkey.stop(broker.address)
    rate_limits._redis.cache_clear()


@pytest.fixture
def homes():
    street = make.community(uploads_per_minute=2)
    homes = homes_of(street, make.member(street, "Ana", "admin"))
    for number in range(4):
        start = make.NOON + number * make.QUARTER
        cleared(street, homes, start)
        for home, taken, given in zip(homes, (0, 400, 600), (1_000, 0, 0), strict=True):
            make.read(home, start, taken, given)
    return homes


def post(home, start, energy_wh):
    row = {"channel": "import", "start": start.isoformat(), "energy_wh": energy_wh}
    return Client(headers={"authorization": f"Bearer {make.token(home)}"}).post(
        f"/api/v1/metering-points/{make.meter(home).public_id}/readings",
        json.dumps({"readings": [row]}),
        content_type="application/json",
    )


def work_until(broker, condition, seconds=120):
    """A real worker serves the broker until something holds."""
    worker = subprocess.Popen(**broker.command(WORKS), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until
            assert worker.poll() is None
            time.sleep(0.05)
    finally:
        worker.kill()
        worker.wait()


def settled():
    return Settlement.objects.filter(is_current=True).count() == 4


def holds(street):
    assert Entry.objects.filter(kind="settle").count() == Settlement.objects.count()
    assert list(faults(street)) == []


def test_what_was_rung_before_it_was_killed_is_rung_again_by_the_next_look(broker, homes):
    tasks.tick_books()
    assert broker.waiting() == 2, "homes without a forecast, and slots to settle"

    broker.kill()
    broker.start()

    assert broker.waiting() == 0
    tasks.tick_books()
    work_until(broker, settled)
    assert Settlement.objects.count() == 4
    holds(homes[0].community)


def test_while_it_is_away_meters_are_heard_and_people_stay_in(broker, homes, caplog):
    person = Client()
    person.force_login(homes[0].member.user)
    assert person.get(reverse("home")).status_code == 200

    broker.kill()

    answers = [post(homes[1], make.NOON, 300 + number).status_code for number in range(6)]
    assert answers == [201] * 6, "its limit of two a minute is open"
    assert "Rate limits are off" in caplog.text
    for page in ("home", "months", "proof", "more"):
        assert person.get(reverse(page)).status_code == 200, page
    assert person.get(reverse("energy"), {"v": "year"}).status_code == 200
    with pytest.raises(KombuError):
        tasks.tick_books()

    broker.start()
    tasks.tick_books()
    work_until(broker, settled)

    assert (
        Reading.objects.filter(start=make.NOON, channel="import", metering_point=make.meter(homes[1])).count() == 7
    )
    assert person.get(reverse("home")).status_code == 200
    holds(homes[0].community)


def test_emptied_it_forgets_limits_and_nothing_else(broker, homes):
    person = Client()
    person.force_login(homes[0].member.user)
    told = make.token(homes[1])
    caller = Client(headers={"authorization": f"Bearer {told}"})
    address = f"/api/v1/metering-points/{make.meter(homes[1]).public_id}/readings"

    def send():
        return caller.post(address, '{"readings": []}', content_type="application/json").status_code

    assert [send() for _ in range(5)] == [200] * 4 + [429]
    tasks.tick_books()
    broker.client.flushall()

    assert broker.waiting() == 0
    tasks.tick_books()
    assert broker.waiting() == 2
    assert send() == 200
    assert person.get(reverse("home")).status_code == 200
