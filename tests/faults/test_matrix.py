"""Rings that come often, two sweepers, two signers, locks that cross or never end, clocks that jump: nothing breaks."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from community.models import Community
from market import tasks
from market.ledger.guard import Guard
from market.models import Entry, LogAlarm, LogHead, Mandate, Order, Outcome, Settlement, Slot, Statement, Trade
from market.queries.again import unlike
from market.queries.fsck import faults
from market.services.clear import clear_slot
from market.services.closing import close_due_months
from market.services.log import sign_head
from market.services.mandates import give_mandate
from market.services.settle import settle_due, settle_slots
from market.services.slots import open_due_slots
from market.services.solvers import solver
from metering.models import Reading, Upload
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make
from tests.faults.slots import cleared, homes_of
from tests.faults.test_races import at_once
from tests.faults.waiting import wait_to_be_waited_for
from tests.market.test_rent_and_pool import CLOSING, NOVEMBER, metered
from tests.market.test_settling import order

pytestmark = pytest.mark.django_db(transaction=True)

MONTH_OVER = datetime(2026, 12, 5, tzinfo=UTC)


def counts():
    return [model.objects.count() for model in (Slot, Order, Trade, Outcome, Settlement, Entry, Statement)]


def holds(street):
    assert list(faults(street)) == []


@pytest.fixture
def homes(street):
    offer = make.tariff()
    return [make.home(street, name, offer) for name in ("Ana", "Bruno", "Carla")]


@pytest.fixture
def clock(monkeypatch):
    """The site's clock, which stands still where it is put."""

    class Clock:
        at = make.NOON

    monkeypatch.setattr(tasks, "now", lambda: Clock.at)
    return Clock


@pytest.fixture
def rung(monkeypatch):
    """What the tasks ring for, as pairs of task and words."""
    found = []
    monkeypatch.setattr(tasks, "_ring", lambda task, told, _seconds: found.extend((task, one) for one in told))
    return found


def traded(street, homes, start=make.NOON):
    """A slot with orders, whose gate is open until 5 minutes before it."""
    slot = make.slot(street, start)
    order(slot, homes[0], "sell", 1_000, 60_000)
    order(slot, homes[1], "buy", 900, 150_000)
    return slot


def live(street, homes, clock, rung, times):
    """A slot's life through the tasks, each ring heard so many times."""

    def heard():
        while rung:
            task, told = rung.pop(0)
            for _ in range(times):
                task(**told)

    slot = traded(street, homes)
    for at in (slot.gate_closure - timedelta(minutes=1), slot.gate_closure, slot.end + timedelta(hours=1)):
        clock.at = at
        for _ in range(times):
            tasks.tick()
        heard()
    make.read(homes[0], slot.start, 0, 1_000)
    make.read(homes[1], slot.start, 900, 0)
    make.read(homes[2], slot.start, 0, 0)
    for at in (slot.end + timedelta(hours=1), MONTH_OVER, MONTH_OVER):
        clock.at = at
        for _ in range(times):
            tasks.tick_books()
            tasks.sweep_books()
        heard()


def figures():
    return (
        sorted(Trade.objects.values_list("side", "energy_wh", "price_ueur_kwh")),
        sorted(Entry.objects.values_list("kind", "postings__amount_neur")),
        Settlement.objects.filter(slot__start=make.NOON).count(),
    )


@pytest.mark.parametrize("times", [1, 3, 5])
def test_every_ring_may_come_up_to_five_times(street, homes, clock, rung, times):
    live(street, homes, clock, rung, times)

    found = figures()
    assert found[0] == [("buy", 900, found[0][0][2]), ("sell", 900, found[0][0][2])]
    assert found[2] == 1
    assert Entry.objects.filter(kind="settle").count() == 1
    holds(street)


def test_two_sweepers_at_once_do_what_one_does(street, clock):
    homes = homes_of(street)
    slots = [cleared(street, homes, make.NOON + number * make.QUARTER) for number in range(3)]
    for slot in slots:
        for home, taken, given in zip(homes, (0, 400, 600), (1_000, 0, 0), strict=True):
            make.read(home, slot.start, taken, given)

    def sweep():
        for community, slot_ids in tasks.due_to_settle(MONTH_OVER, thoroughly=True):
            settle_slots(community=Community.objects.get(pk=community), slot_ids=slot_ids, at=MONTH_OVER)
        close_due_months(community=street, at=MONTH_OVER)

    assert at_once(sweep) == []

    assert (Settlement.objects.count(), Entry.objects.filter(kind="settle").count()) == (3, 3)
    assert (Statement.objects.count(), Entry.objects.filter(kind="give_back").count()) == (3, 1)
    holds(street)


def test_two_signers_take_turns(street, homes, tmp_path):
    starts = [make.NOON + number * make.QUARTER for number in range(8)]
    for start in starts:
        cleared(street, homes, start)
    over = threading.Event()
    signed = []

    def sign():
        keeper = Guard(tmp_path / "signer")
        while not over.is_set():
            signed.append(sign_head(community=street, keeper=keeper, at=MONTH_OVER))
        signed.append(sign_head(community=street, keeper=keeper, at=MONTH_OVER))

    errors = []
    signers = threading.Thread(target=lambda: errors.extend(at_once(sign, times=3)))
    signers.start()
    for start in starts:
        metered(homes, start)
    over.set()
    signers.join()

    assert errors == []
    assert LogHead.objects.latest("size").size == 4 * len(starts)
    assert len([one for one in signed if one]) == LogHead.objects.count()
    assert len(set(LogHead.objects.values_list("verifier_key", flat=True))) == 1
    assert not LogAlarm.objects.exists()
    holds(street)


def test_a_deadlock_ends_one_and_its_task_is_tried_again(street, homes, clock, caplog):
    slot = cleared(street, homes)
    for home, taken, given in zip(homes, (0, 400, 600), (1_000, 0, 0), strict=True):
        make.read(home, slot.start, taken, given)
    clock.at = make.NOON + timedelta(hours=1)
    holding = threading.Event()

    def cross():
        """Locks the slot, and then the community that settling has locked before it waits for the slot."""
        with transaction.atomic():
            Slot.objects.select_for_update().get(pk=slot.pk)
            holding.set()
            wait_to_be_waited_for()
            Community.objects.select_for_update(no_key=True).get(pk=street.pk)
        connection.close()

    other = threading.Thread(target=cross)
    other.start()
    assert holding.wait(60)
    caplog.set_level("INFO")
    done = tasks.settle_slots.apply(kwargs={"community_id": street.pk, "slot_ids": [slot.pk]})
    other.join()

    assert "deadlock detected" in caplog.text
    assert done.successful()
    assert Settlement.objects.count() == 1
    holds(street)


def test_a_transaction_that_hangs_with_a_lock_is_ended_and_the_others_go_on(street, homes):
    cleared(street, homes)
    said, holding, given_up = [], threading.Event(), threading.Event()

    def hang():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                Community.objects.select_for_update(no_key=True).get(pk=street.pk)
                holding.set()
                given_up.wait(60)
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '100ms'")
                time.sleep(1)
                Community.objects.count()
        except DatabaseError as error:
            said.append(str(error))
        finally:
            connection.close()

    stuck = threading.Thread(target=hang)
    stuck.start()
    assert holding.wait(60)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    with pytest.raises(OperationalError, match="lock timeout"):
        settle_due(community=street, at=MONTH_OVER)
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
    given_up.set()
    metered(homes)
    stuck.join()

    assert "idle-in-transaction" in said[0]
    assert Settlement.objects.count() == 1
    holds(street)


def test_no_session_waits_or_hangs_for_ever():
    with connection.cursor() as cursor:
        for setting, value in (("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "30s")):
            cursor.execute(f"SHOW {setting}")
            assert cursor.fetchone() == (value,)


def test_a_crash_between_the_commit_and_the_bell_loses_only_the_bell(street, homes, clock, rung, monkeypatch):
    slot = traded(street, homes)
    clock.at = slot.gate_closure
    with monkeypatch.context() as broken:
        broken.setattr(tasks, "_ring", lambda *_: (_ for _ in ()).throw(ConnectionError("gone")))
        with pytest.raises(ConnectionError):
            tasks.tick()

    tasks.tick()

    assert (tasks.clear_slot, {"slot_id": slot.pk}) in rung


# --- clocks ------------------------------------------------------------------------------------------------------

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, DAY, -DAY], ids=["hour", "hour back", "day", "day back"])
def test_a_clock_that_jumps_and_comes_back_does_nothing_twice(street, homes, clock, rung, jump):
    def hear():
        while rung:
            task, told = rung.pop(0)
            task(**told)

    slot = traded(street, homes)
    for at in (slot.gate_closure, slot.gate_closure + jump, slot.gate_closure + timedelta(minutes=1)):
        clock.at = at
        tasks.tick()
        hear()
    make.read(homes[0], slot.start, 0, 1_000)
    make.read(homes[1], slot.start, 900, 0)
    make.read(homes[2], slot.start, 0, 0)
    after = slot.end + timedelta(minutes=20)
    for at in (after, after + jump, after + timedelta(minutes=1)):
        clock.at = at
        tasks.tick()
        tasks.tick_books()
        tasks.sweep_books()
        hear()

    assert figures()[2] == 1
    assert Trade.objects.filter(slot=slot).count() == 2
    starts = list(Slot.objects.order_by("start").values_list("start", flat=True))
    assert len(starts) == len(set(starts))
    early = [one for one in Slot.objects.exclude(cleared_at=None) if one.cleared_at < one.gate_closure]
    assert early == []
    assert [one for one in Settlement.objects.select_related("slot") if one.settled_at < one.slot.end] == []
    holds(street)


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 28, 23, tzinfo=UTC), 23), (datetime(2026, 10, 24, 22, tzinfo=UTC), 25)],
    ids=["spring", "autumn"],
)  # fmt: skip
def test_a_day_on_which_the_clocks_change_is_cleared_and_settled_quarter_by_quarter(street, homes, day, hours):
    Mandate.objects.filter(household__in=homes).delete()
    for home in homes:
        give_mandate(household=home, given_by=None, at=day - DAY)
    at = day - timedelta(minutes=30)
    while at < day + timedelta(hours=hours):
        open_due_slots(at=at, until=at + timedelta(hours=2))
        at += HOUR
    slots = list(Slot.objects.filter(start__gte=day, start__lt=day + timedelta(hours=hours)).order_by("start"))
    assert [slot.start.astimezone(street.zone).day for slot in slots] == [
        slots[0].start.astimezone(street.zone).day
    ] * len(slots)
    for slot in slots:
        order(slot, homes[0], "sell", 1_000, 60_000)
        order(slot, homes[1], "buy", 900, 150_000)
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    end = day + timedelta(hours=hours)
    for home, channel in ((homes[0], "export"), (homes[1], "import")):
        other = {"export": "import", "import": "export"}[channel]
        rows = [ReadingRow(channel, slot.start, 900) for slot in slots]
        rows += [ReadingRow(other, slot.start, 0) for slot in slots]
        store_readings(metering_point=make.meter(home), rows=rows, source="api", content_sha256="0" * 64, at=end)
    for at in (end + DAY, end + DAY + HOUR):
        while settle_due(community=street, at=at):
            pass

    assert len(slots) == {23: 92, 25: 100}[hours]
    assert Settlement.objects.filter(slot__in=slots).count() == len(slots)
    assert Trade.objects.filter(slot__in=slots).count() == 2 * len(slots)
    holds(street)
    assert list(unlike(street, solver())) == []


# --- meters ------------------------------------------------------------------------------------------------------


def test_a_late_and_a_corrected_reading_after_the_close_are_further_revisions(street, homes):
    cleared(street, homes)
    make.read(homes[0], make.NOON, 0, 1_000)
    make.read(homes[1], make.NOON, 400, 0)
    settle_due(community=street, at=make.NOON + 2 * DAY)
    close_due_months(community=street, at=CLOSING)
    assert Statement.objects.filter(month=NOVEMBER, version=1).count() == 3
    holds(street)

    for hours, (home, taken) in enumerate([(homes[2], 600), (homes[1], 300)], start=1):
        at = CLOSING + hours * HOUR
        make.read(home, make.NOON, taken, 0, at=at)
        settle_due(community=street, at=at)
        holds(street)

    assert list(Settlement.objects.order_by("revision").values_list("revision", "is_current")) == [
        (1, False), (2, False), (3, True),
    ]  # fmt: skip
    assert Entry.objects.filter(kind="reverse").count() == 2


def test_a_correction_that_came_just_before_the_site_was_away_for_a_week_is_settled_when_it_is_back(
    street, homes, clock, rung
):
    slot = cleared(street, homes)
    metered(homes)
    make.read(homes[1], make.NOON, 300, 0, at=make.NOON + HOUR)

    clock.at = make.NOON + 8 * DAY
    tasks.sweep_books()

    assert (tasks.settle_slots, {"community_id": street.pk, "slot_ids": [slot.pk]}) in rung


def test_a_meter_that_sends_its_week_again_changes_nothing(street, homes):
    rows = [ReadingRow("import", make.NOON + number * make.QUARTER, number) for number in range(7 * 96)]
    told = {"metering_point": make.meter(homes[0]), "rows": rows, "source": "api", "content_sha256": "0" * 64}
    for number in range(5):
        store_readings(**told, at=make.NOON + 8 * DAY + number * HOUR)

    assert Reading.objects.count() == len(rows)
    assert Upload.objects.count() >= 1
    assert settle_due(community=street, at=make.NOON + 9 * DAY) == 0


# --- a worker that is told to end --------------------------------------------------------------------------------

SETTLES_SLOWLY = """
import sys, time, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from datetime import datetime
from config.celery import app
from market import tasks
from market.services import log, settle
tasks.now = lambda: datetime.fromisoformat(sys.argv[2])
append = log.append
def slow(*told):
    sys.__stdout__.write("inside\\n")
    sys.__stdout__.flush()
    time.sleep(1.5)
    append(*told)
log.append = slow
app.worker_main(["worker", "--pool=solo", "--loglevel=ERROR", "--without-mingle", "--without-gossip"])
"""


def test_a_worker_that_is_told_to_end_amid_a_batch_finishes_it(street, homes, clock):
    slot = cleared(street, homes)
    for home, taken, given in zip(homes, (0, 400, 600), (1_000, 0, 0), strict=True):
        make.read(home, slot.start, taken, given)
    clock.at = make.NOON + HOUR
    told = [connection.settings_dict["NAME"], clock.at.isoformat()]
    worker = subprocess.Popen(
        [sys.executable, "-c", SETTLES_SLOWLY, *told],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        tasks.tick_books()
        assert any("inside" in line for line in iter(worker.stdout.readline, ""))
        assert not Settlement.objects.exists()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(120) == 0
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()

    assert Settlement.objects.count() == 1
    holds(street)
