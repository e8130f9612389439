"""Web workers and their master killed at random moments amid calls and forms: what was acknowledged is there, once.

The site's own web process, as the Procfile starts it, on loopback. Meters and a member repeat what was not
acknowledged, as gateways and people do. `AZOTEA_WEB_KILLS=12` makes it long.
"""

import json
import os
import random
import signal
import socket
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import psutil
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from community.models import AuditEvent, What
from config.programs import postgres
from config.programs.processes import spawn, wait_for_end
from config.walls import SITE_ROLE
from market.models import Entry, Mandate, Settlement
from market.queries.fsck import faults
from market.services.settle import settle_due
from metering.models import IdempotentAnswer, Reading, Upload
from tests import factories as make
from tests.faults.slots import cleared, homes_of

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = int(os.environ.get("AZOTEA_WEB_KILLS", "3"))
SEED = int(os.environ.get("AZOTEA_SEED", "26"))
PATIENCE_S = 120
QUARTERS = 24  # in one call, each of two channels
NOW = make.NOON + timedelta(days=350)
# The same call is on its way, in what the dead left running; somebody holds a lock.
LATER = {409, 503}
SECRET = "c" * 32  # a browser's half of the guard against forged forms, which it says twice


def until(holds, tells=str):
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, tells()
        time.sleep(0.01)


class Web:
    """The web process on a port of its own, with the tests' database as the site's role sees it."""

    def __init__(self, folder):
        self.log = folder / "web.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.start()

    def start(self):
        web = next(
            one for one in (settings.BASE_DIR / "Procfile").read_text().splitlines() if one.startswith("web:")
        )
        words = web.replace("127.0.0.1:${PORT:-8000}", self.address).split()[2:]
        command = [sys.executable, "-m", "gunicorn", *words]
        self.master = spawn(command, self.log, cwd=settings.BASE_DIR, dies_with_us=signal.SIGKILL)
        until(lambda: self.answers() or self.master.poll() is not None)
        assert self.master.poll() is None, self.log.read_text()

    def answers(self):
        try:
            return httpx.get(f"http://{self.address}/health/live", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def workers(self):
        return psutil.Process(self.master.pid).children()

    def kill_a_worker(self, chance):
        """The master starts another."""
        until(lambda: len(self.workers()) == 2)
        victim = chance.choice(self.workers())
        victim.kill()
        until(lambda: victim not in self.workers() and len(self.workers()) == 2)

    def kill_the_master(self, _chance):
        """Its workers see that they are alone and end; then it is started again."""
        left = self.workers()
        self.master.kill()
        self.master.wait()
        assert all(wait_for_end(one.pid, PATIENCE_S) for one in left)
        self.start()

    def stop(self):
        children = self.workers() if self.master.poll() is None else []
        for one in (self.master, *children):
            one.kill()
        self.master.wait()


class Sender(threading.Thread):
    """Says one thing after the other, each until it is acknowledged."""

    def __init__(self, web, over, headers):
        super().__init__(daemon=True)
        self.web, self.over, self.headers = web, over, headers
        self.acknowledged, self.repeated, self.refused = [], 0, Counter()

    def __repr__(self):
        return f"{self.place}: {len(self.acknowledged)} acknowledged, {self.repeated} repeated, {self.refused}"

    def run(self):
        with httpx.Client(base_url=f"http://{self.web.address}", headers=self.headers, timeout=20) as client:
            number = 0
            while not self.over.is_set():
                number += 1
                while not self.say(client, number):
                    self.repeated += 1
                    time.sleep(0.02)
                self.acknowledged.append(number)

    def say(self, client, number):
        try:
            answer = self.send(client, number)
        except httpx.TransportError:
            return False
        if answer.status_code not in self.good:
            self.refused[answer.status_code] += 1
        return answer.status_code in self.good


class Meter(Sender):
    """A gateway that sends a home's readings, each call with a key of its own."""

    good = frozenset({200, 201})

    def __init__(self, web, over, home, energy_wh):
        super().__init__(web, over, {"Authorization": f"Bearer {make.token(home)}"})
        self.point, self.energy_wh = make.meter(home), energy_wh
        self.place = f"/api/v1/metering-points/{self.point.public_id}/readings"

    def send(self, client, number):
        starts = [make.NOON + make.QUARTER * (QUARTERS * (number - 1) + i) for i in range(QUARTERS)]
        rows = [
            {"channel": channel, "start": start.isoformat(), "energy_wh": energy_wh}
            for start in starts
            for channel, energy_wh in zip(("import", "export"), self.energy_wh, strict=True)
        ]
        headers = {"Idempotency-Key": f"{self.point.pk} {number}", "Content-Type": "application/json"}
        return client.post(self.place, content=json.dumps({"readings": rows}), headers=headers)


class Owner(Sender):
    """A member who changes the rules of the home's agent again and again."""

    good, place = frozenset({302}), "/rules/"

    def __init__(self, web, over, home):
        browser = Client()
        browser.force_login(home.member.user)
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={SECRET}"
        super().__init__(web, over, {"Cookie": cookie})

    def send(self, client, number):
        periods = ["P1", "P2", "P3"]
        told = {"sell_periods": periods, "buy_periods": periods, "objective": "savings", "max_buy": "0.9"}
        told |= {"min_sell": f"{number / 1_000:.3f}", "csrfmiddlewaretoken": SECRET}
        return client.post(self.place, data=told)


@pytest.fixture
def homes():
    street = make.community(uploads_per_minute=30_000)
    homes = homes_of(street, make.member(street, "Ana"))
    for number in range(4):
        cleared(street, homes, make.NOON + number * make.QUARTER)
    return homes


@pytest.fixture
def web(homes, tmp_path, monkeypatch):
    site = postgres.address_of(SITE_ROLE, os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    monkeypatch.setenv("DATABASE_URL", site.replace("/postgres?", f"/{name}?"))
    monkeypatch.setenv("AZOTEA_CLOCK_ORIGIN", f"{datetime.now(UTC).isoformat()}|{NOW.isoformat()}")
    web = Web(tmp_path)
    yield web
    web.stop()


def all_go_on(web, senders):
    """Each gets something more acknowledged."""
    before = [len(sender.acknowledged) for sender in senders]
    until(
        lambda: all(len(one.acknowledged) > count for one, count in zip(senders, before, strict=True)),
        lambda: (before, senders, web.log.read_text()),
    )


def test_web_killed_amid_calls_and_forms_keeps_what_it_acknowledged_once_and_halves_nothing(web, homes):
    print("seed", SEED)
    chance, over = random.Random(SEED), threading.Event()
    meters = [Meter(web, over, *told) for told in zip(homes, ((0, 1_000), (400, 0), (600, 0)), strict=True)]
    owner = Owner(web, over, homes[0])
    senders = [*meters, owner]

    for sender in senders:
        sender.start()
    for number in range(KILLS):
        all_go_on(web, senders)
        time.sleep(chance.uniform(0, 0.1))  # the moment is one of chance
        kill = web.kill_the_master if number == KILLS - 1 else web.kill_a_worker
        kill(chance)
    all_go_on(web, senders)
    over.set()
    for sender in senders:
        sender.join(PATIENCE_S)
    settle_due(community=homes[0].community, at=NOW)

    assert not any(sender.is_alive() for sender in senders)
    assert sum(sender.repeated for sender in senders) > 0, "it was killed under no load"
    assert {code for sender in senders for code in sender.refused} <= LATER
    for meter in meters:
        uploads = Upload.objects.filter(metering_point=meter.point)
        calls = len(meter.acknowledged)
        assert list(uploads.values_list("created", "unchanged", "revised")) == [(2 * QUARTERS, 0, 0)] * calls
        assert IdempotentAnswer.objects.filter(token__metering_points=meter.point).count() == calls
        readings = Reading.objects.filter(metering_point=meter.point)
        assert readings.count() == readings.filter(version=1).count() == 2 * QUARTERS * calls
        assert [readings.filter(upload=upload).count() for upload in uploads] == [2 * QUARTERS] * calls
    given = Mandate.objects.filter(household=homes[0], valid_from__gte=NOW).order_by("valid_from")
    assert list(given.values_list("min_sell_ueur_kwh", flat=True)) == [1_000 * one for one in owner.acknowledged]
    assert [one.confirmations.count() for one in given] == [1] * len(given)
    noted = AuditEvent.objects.filter(what=What.MANDATE_CHANGED, user=homes[0].member.user, at__gte=NOW)
    assert noted.count() == len(given)
    assert (Settlement.objects.count(), Entry.objects.count()) == (4, 4)
    assert list(faults(homes[0].community)) == []
