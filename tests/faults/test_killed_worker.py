"""A worker that dies in the middle leaves nothing half done, and the next one does it once."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection

from market.models import Outcome, Trade
from market.services.clear import clear_slot
from tests import factories as make
from tests.market.test_settling import order

pytestmark = pytest.mark.django_db(transaction=True)

# Clears a slot, but stops for a long sleep after the trades are written and before the commit.
CLEAR_AND_HANG = """
import sys, time, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[2]
from datetime import datetime
from market.models import Slot
from market.services import clear
def hang(*_):
    print("inside", flush=True)
    time.sleep(60)
clear._curtail = hang
slot = Slot.objects.get(pk=int(sys.argv[1]))
clear.clear_slot(slot_id=slot.pk, at=slot.gate_closure)
"""


def test_killing_the_worker_mid_clearing_leaves_nothing_half_done():
    street = make.community()
    offer = make.tariff()
    ana, bruno = make.home(street, "Ana", offer), make.home(street, "Bruno", offer)
    slot = make.slot(street)
    order(slot, ana, "sell", 1_000, 90_000)
    order(slot, bruno, "buy", 1_000, 150_000)
    database = connection.settings_dict["NAME"]
    worker = subprocess.Popen(
        [sys.executable, "-c", CLEAR_AND_HANG, str(slot.pk), database],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
    )
    assert worker.stdout.readline() == b"inside\n"

    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()

    slot.refresh_from_db()
    assert slot.status == "open"
    assert not Trade.objects.exists()
    assert not Outcome.objects.exists()
    deadline = time.monotonic() + 60
    clear_slot(slot_id=slot.pk, at=slot.gate_closure + timedelta(minutes=1))
    assert time.monotonic() < deadline
    assert sorted(Trade.objects.values_list("side", "energy_wh")) == [("buy", 1_000), ("sell", 1_000)]
