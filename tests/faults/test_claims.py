"""However many workers race for a slot, one clears it; the others leave at once, and a killed one leaves nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from market.models import Order, Outcome, Slot, Trade
from market.services.agents import place_orders
from market.services.clear import clear_slot
from tests import factories as make
from tests.market.test_settling import order

pytestmark = pytest.mark.django_db(transaction=True)

SLOTS = 12
SETUP = """
import json, sys, time, django
django.setup()
from django.conf import settings
from django.db import connection, transaction
database, slot_ids = sys.argv[1], json.loads(sys.argv[2])
settings.DATABASES["default"]["NAME"] = database
from market.models import Slot
from market.services import clear
"""
# Connects, says that it is ready, and once it is told to go clears every slot; prints those that it recorded itself.
RACER = (
    SETUP
    + """
claimed = []
record = clear._record
def note(slot, *rest):
    record(slot, *rest)
    claimed.append(slot.pk)
clear._record = note
gates = dict(Slot.objects.filter(pk__in=slot_ids).values_list("pk", "gate_closure"))
print("ready", flush=True)
sys.stdin.readline()
for slot_id in slot_ids:
    clear.clear_slot(slot_id=slot_id, at=gates[slot_id])
print(json.dumps(claimed), flush=True)
"""
)
# Claims the first slot, writes its trades, and never commits.
HANGER = (
    SETUP
    + """
def hang(*_):
    print("inside", flush=True)
    time.sleep(120)
clear._curtail = hang
slot = Slot.objects.get(pk=slot_ids[0])
clear.clear_slot(slot_id=slot.pk, at=slot.gate_closure)
"""
)


@contextmanager
def worker(program, slots):
    """A process that runs `program` on this test's database."""
    command = [sys.executable, "-c", program, connection.settings_dict["NAME"], json.dumps([s.pk for s in slots])]
    process = subprocess.Popen(
        command,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def slots():
    """One slot each of several communities, with a sale and a purchase that suit each other."""
    offer = make.tariff()
    answer = []
    for number in range(SLOTS):
        street = make.community(slug=f"calle-{number}", name=f"Calle {number}")
        ana, bruno = make.home(street, "Ana", offer), make.home(street, "Bruno", offer)
        slot = make.slot(street)
        order(slot, ana, "sell", 1_000, 90_000)
        order(slot, bruno, "buy", 1_000, 150_000)
        answer.append(slot)
    return answer


def test_racing_workers_clear_each_slot_once_and_none_is_left(slots):
    with (
        worker(RACER, slots) as a,
        worker(RACER, slots) as b,
        worker(RACER, slots) as c,
        worker(RACER, slots) as d,
    ):
        racers = (a, b, c, d)
        for racer in racers:
            assert racer.stdout.readline() == "ready\n"

        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        claims = [json.loads(racer.stdout.readline()) for racer in racers]

    assert Counter(pk for claimed in claims for pk in claimed) == {slot.pk: 1 for slot in slots}
    assert set(Slot.objects.values_list("status", flat=True)) == {"cleared"}
    assert Trade.objects.count() == Outcome.objects.count() == Order.objects.count() == 2 * SLOTS


def test_who_finds_a_slot_claimed_leaves_at_once_and_after_a_kill_the_next_one_clears_it(slots):
    slot = slots[0]
    with worker(HANGER, slots) as claimer:
        assert claimer.stdout.readline() == "inside\n"

        begun = time.monotonic()
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
        place_orders(slot_id=slot.pk, at=slot.gate_closure - make.QUARTER)
        waited = time.monotonic() - begun

        assert waited < 20, "the other one holds the slot for two minutes"
        assert not Trade.objects.exists()
        claimer.send_signal(signal.SIGKILL)
        claimer.wait()

    slot.refresh_from_db()
    assert (slot.status, slot.ordered_at) == ("open", None)
    wait_for_the_claim_to_end(slot)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    assert sorted(Trade.objects.values_list("side", "energy_wh")) == [("buy", 1_000), ("sell", 1_000)]


def wait_for_the_claim_to_end(slot):
    """PostgreSQL takes a moment to notice that a client is gone; a tick comes again anyway."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with transaction.atomic():
            if Slot.objects.select_for_update(skip_locked=True).filter(pk=slot.pk):
                return
        time.sleep(0.05)
