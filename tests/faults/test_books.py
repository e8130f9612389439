"""Settling workers and the signer killed again and again: every slot is settled once, and books and log hold.

Short in every run; `AZOTEA_KILLS=40 AZOTEA_SLOTS=1500` makes it long. The seed is printed when it fails.
"""

import json
import os
import random
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection

from market.ledger.guard import Guard
from market.models import Entry, LogAlarm, LogHead, LogLeaf, Settlement
from market.queries.fsck import faults
from market.services.log import sign_head
from tests import factories as make
from tests.faults.slots import cleared, homes_of

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = int(os.environ.get("AZOTEA_KILLS", "6"))
SLOTS = int(os.environ.get("AZOTEA_SLOTS", "150"))
SEED = int(os.environ.get("AZOTEA_SEED", "26"))
WORKERS, BATCH = 3, 5
SETTLES = """
import json, random, sys, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from datetime import datetime
from community.models import Community
from market.services.settle import settle_slots
street, slot_ids, at = Community.objects.get(), json.loads(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
chance = random.Random(int(sys.argv[4]))
chance.shuffle(slot_ids)
for i in range(0, len(slot_ids), 5):
    settle_slots(community=street, slot_ids=slot_ids[i : i + 5], at=at)
"""
SIGNS = """
import sys, time, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from datetime import datetime
from pathlib import Path
from community.models import Community
from market.ledger.guard import Guard
from market.services.log import sign_head
street, keeper = Community.objects.get(), Guard(Path(sys.argv[2]))
while True:
    sign_head(community=street, keeper=keeper, at=datetime.fromisoformat(sys.argv[3]))
    time.sleep(0.05)
"""


def start(program, *told):
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", program, connection.settings_dict["NAME"], *map(str, told)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_workers_and_signer_killed_at_random_settle_each_slot_once_and_the_log_holds(tmp_path):
    print("seed", SEED)
    chance = random.Random(SEED)
    street = make.community()
    homes = homes_of(street)
    slots = [cleared(street, homes, make.NOON + timedelta(minutes=15 * i)) for i in range(SLOTS)]
    for slot in slots:
        for home, taken, given in zip(homes, (0, 400, 600), (1_000, 0, 0), strict=True):
            make.read(home, slot.start, taken, given)
    at = slots[-1].end + timedelta(days=1)
    told = json.dumps([slot.pk for slot in slots])
    signer_dir = tmp_path / "signer"

    workers = [start(SETTLES, told, at.isoformat(), number) for number in range(WORKERS)]
    signer = start(SIGNS, signer_dir, at.isoformat())
    try:
        for number in range(KILLS):
            time.sleep(chance.uniform(0.5, 1.2))
            victim = chance.randrange(WORKERS + 1)
            if victim == WORKERS:
                signer.kill()
                signer.wait()
                signer = start(SIGNS, signer_dir, at.isoformat())
            else:
                workers[victim].kill()
                workers[victim].wait()
                workers[victim] = start(SETTLES, told, at.isoformat(), WORKERS + number)
        codes = [worker.wait(timeout=300) for worker in workers]
    finally:
        for process in (*workers, signer):
            process.kill()
            process.wait()

    assert codes == [0] * WORKERS
    assert Settlement.objects.filter(is_current=True).count() == Settlement.objects.count() == SLOTS
    assert Entry.objects.count() == SLOTS
    assert LogLeaf.objects.count() == 4 * SLOTS
    head = sign_head(community=street, keeper=Guard(signer_dir), at=at) or LogHead.objects.latest("size")
    assert head.size == 4 * SLOTS
    assert not LogAlarm.objects.exists()
    assert list(faults(street)) == []
