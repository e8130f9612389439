"""PostgreSQL stopped at once, again and again, under load: what was acknowledged is there, no slot is half settled.

A server of its own, which syncs as in production, serves processes that settle, store readings and sign heads; it
gets PostgreSQL's immediate stop and recovers from its log. Short in every run; `AZOTEA_CRASHES=6 AZOTEA_SLOTS=1500`
makes it long.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings

from config.programs import postgres
from config.programs.processes import wait_for_end

CRASHES = int(os.environ.get("AZOTEA_CRASHES", "1"))
SLOTS = int(os.environ.get("AZOTEA_SLOTS", "60"))
SEED = int(os.environ.get("AZOTEA_SEED", "26"))
WORKERS, BATCH = 3, 2
PATIENCE_S = 600
# What all programs begin with. `again` is what Celery's autoretry does: a lost connection is tried anew.
BEGIN = """
import json, random, sys, time, django
django.setup()
from datetime import datetime, timedelta
from pathlib import Path
from django.db import InterfaceError, OperationalError, connection
from community.models import Community, Household
from tests import factories as make
def again(work):
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.05)
def acknowledge(what):
    with open(sys.argv[1], "a") as file:
        file.write(f"{what}\\n")
"""
BUILDS = (
    BEGIN
    + """
from tests import migrated
from tests.faults.slots import cleared, homes_of
migrated.fill()
street = make.community()
homes = homes_of(street)
slots = [cleared(street, homes, make.NOON + timedelta(minutes=15 * i)) for i in range(int(sys.argv[2]))]
for slot in slots:
    for home, taken, given in zip(homes, (0, 400, 600), (1_000, 0, 0), strict=True):
        make.read(home, slot.start, taken, given)
print(json.dumps([[slot.pk for slot in slots], (slots[-1].end + timedelta(days=1)).isoformat()]))
"""
)
SETTLES = (
    BEGIN
    + """
from market.services.settle import settle_slots
street, slot_ids, at = again(Community.objects.get), json.loads(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
random.Random(int(sys.argv[4])).shuffle(slot_ids)
for i in range(0, len(slot_ids), 2):
    batch = slot_ids[i : i + 2]
    again(lambda: settle_slots(community=street, slot_ids=batch, at=at))
    for slot in batch:
        acknowledge(slot)
"""
)
READS = (
    BEGIN
    + """
from itertools import count
home = again(lambda: Household.objects.select_related("community").earliest("pk"))
for number in count():
    start = make.NOON - timedelta(minutes=15 * (number + 1))
    again(lambda: make.read(home, start, number % 1_000, 0))
    acknowledge(start.isoformat())
"""
)
SIGNS = (
    BEGIN
    + """
from market.ledger.guard import Guard
from market.services.log import sign_head
street, keeper = again(Community.objects.get), Guard(Path(sys.argv[2]))
while True:
    head = again(lambda: sign_head(community=street, keeper=keeper, at=datetime.fromisoformat(sys.argv[3])))
    if head is not None:
        acknowledge(f"{head.size} {head.root}")
    time.sleep(0.02)
"""
)
TELLS = (
    BEGIN
    + """
from market.ledger.guard import Guard
from market.models import Entry, LogAlarm, LogHead, LogLeaf, Settlement
from market.queries.fsck import faults
from market.services.log import sign_head
from metering.models import Reading
street = Community.objects.get()
sign_head(community=street, keeper=Guard(Path(sys.argv[2])), at=datetime.fromisoformat(sys.argv[3]))
early = Reading.objects.filter(channel="import", start__lt=make.NOON)
print(json.dumps({
    "settled": list(Settlement.objects.order_by("slot_id").values_list("slot_id", flat=True)),
    "entries": Entry.objects.count(),
    "leaves": LogLeaf.objects.count(),
    "alarms": list(LogAlarm.objects.values_list("reason", flat=True)),
    "heads": dict(LogHead.objects.values_list("size", "root")),
    "readings": [start.isoformat() for start in early.values_list("start", flat=True)],
    "faults": list(faults(street)),
}))
"""
)


class Site:
    """A private PostgreSQL with programs that use it, and what each was told is done."""

    def __init__(self, folder):
        self.folder, self.log = folder / "postgres", folder / "postgres.log"
        self.acknowledged = folder / "acknowledged"
        self.acknowledged.mkdir()
        self.running = {}
        self.start()

    def start(self):
        self.address = postgres.start(self.folder, self.log, dies_with_us=True)

    def crash(self):
        """What `pg_ctl stop -m immediate` does, then the start that recovers."""
        pid = int((self.folder / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)
        assert wait_for_end(pid, 30)
        self.start()

    def run(self, program, *told):
        done = subprocess.run(
            self._command(program, "-", *told),
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def holds(self):
        """Every rule of the ledger, asked as an operator does."""
        command = [sys.executable, settings.BASE_DIR / "manage.py", "ledger_fsck", "--again"]
        done = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def begin(self, name, program, *told):
        errors = (self.acknowledged / f"{name}.stderr").open("w")
        command = self._command(program, self.acknowledged / name, *told)
        self.running[name] = subprocess.Popen(command, env=self._environment(), stderr=errors)
        errors.close()

    def told(self, name):
        path = self.acknowledged / name
        return path.read_text().splitlines() if path.exists() else []

    def end(self, name):
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def _command(self, program, *told):
        return [sys.executable, "-c", program, *map(str, told)]

    def _environment(self):
        return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": self.address}


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    for name in list(site.running):
        site.end(name)
    try:
        site.holds()
    finally:
        postgres.stop(site.folder)


@pytest.mark.timeout(3_600)
def test_an_immediate_stop_under_load_loses_nothing_acknowledged_and_halves_no_slot(site, tmp_path):
    print("seed", SEED)
    chance = random.Random(SEED)
    slots, at = site.run(BUILDS, SLOTS)
    signer = tmp_path / "signer"
    workers = [f"worker-{number}" for number in range(WORKERS)]

    for number, name in enumerate(workers):
        site.begin(name, SETTLES, json.dumps(slots), at, number)
    site.begin("meter", READS)
    site.begin("signer", SIGNS, signer, at)
    until = time.monotonic() + PATIENCE_S
    for number in range(CRASHES):
        share = SLOTS * (number + chance.uniform(0.3, 0.9)) / (CRASHES + 1)
        while len({slot for name in workers for slot in site.told(name)}) < share:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert any(site.running[name].poll() is None for name in workers), "it crashed under no load"
        site.crash()
    codes = [site.running[name].wait(PATIENCE_S) for name in workers]
    readings, heads = site.told("meter"), dict(line.split() for line in site.told("signer"))
    site.end("meter")
    site.end("signer")
    found = site.run(TELLS, signer, at)

    assert site.log.read_text().count("was not properly shut down; automatic recovery") == CRASHES
    assert codes == [0] * WORKERS, [(site.acknowledged / f"{name}.stderr").read_text() for name in workers]
    assert found["settled"] == slots, "each once"
    assert (found["entries"], found["leaves"]) == (SLOTS, 4 * SLOTS)
    assert heads
    assert readings
    assert set(readings) <= set(found["readings"])
    assert {size: found["heads"].get(size) for size in heads} == heads
    assert max(map(int, found["heads"])) == 4 * SLOTS
    assert found["alarms"] == []
    assert found["faults"] == []
