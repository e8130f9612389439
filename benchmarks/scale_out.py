"""1,000 communities clear a slot each: real Celery workers on the solver queue, one and then two, in the same run.

    .venv/bin/python -m benchmarks.scale_out [communities]

Half of the communities have a street's cables and limits that bind. PostgreSQL (as durable as in production), the
broker, the rings and the workers are real and share the machine's cores. A trigger in the database notes who
clears which slot when, so that "exactly once" does not rest on the code that is measured.
"""

import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import psutil

from benchmarks.many_communities import HOMES, QUARTER, build

ROOT = Path(__file__).resolve().parents[1]
COMMUNITIES = 1_000
# How many workers clear each round. Two have all communities before them and one has half of them, so that all
# rounds take about as long; they take turns, so that a slow minute harms both.
ROUNDS = (1, 2, 2, 1)
WARM_UP, PATIENCE_S = 16, 60
WITNESS = """
CREATE TABLE witness (slot_id bigint, worker text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO witness VALUES (NEW.id, current_setting('application_name')); RETURN NULL;
END $$;
CREATE TRIGGER witness AFTER UPDATE OF status ON market_slot FOR EACH ROW
    WHEN (OLD.status = 'open' AND NEW.status <> 'open') EXECUTE FUNCTION note();
"""
UNEQUAL = """
SELECT count(*) FROM market_slot s
    LEFT JOIN LATERAL (SELECT coalesce(sum(energy_wh) FILTER (WHERE side = 'buy'), 0) AS bought,
        coalesce(sum(energy_wh) FILTER (WHERE side = 'sell'), 0) AS sold
        FROM market_trade WHERE slot_id = s.id) t ON true
WHERE s.id = ANY(%s) AND (s.status <> 'cleared' OR bought <> traded_wh OR sold <> traded_wh)
"""


class Round(NamedTuple):
    """How many slots, seconds for them and for ringing, the workers' CPU seconds, the busiest one's share.

    `others` is how many cores were busy with something else meanwhile, or were not this machine's to use.
    """

    slots: int
    seconds: float
    ringing: float
    cpu: float
    busiest: float
    others: float


@contextmanager
def workers(count: int, logs: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many Celery workers of one process each that take slots to clear and nothing else."""
    celery = [sys.executable, "-m", "celery", "--app", "config.celery", "worker", "--queues", "solver"]
    quiet = ["--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    running = []
    try:
        for number in range(count):
            with (logs / f"worker-{count}-{number}.log").open("wb") as log:
                command = [*celery, *quiet, "--hostname", f"solver{number}@bench"]
                named = {**os.environ, "PGAPPNAME": f"solver{number}"}  # PostgreSQL shows it to the trigger
                running.append(
                    subprocess.Popen(command, cwd=ROOT, env=named, stdout=log, stderr=subprocess.STDOUT)
                )
        yield running
    finally:
        for worker in running:
            worker.send_signal(signal.SIGTERM)
        for worker in running:
            worker.wait(30)


def ring(slot_ids: Sequence[int]) -> float:
    """Ask for every slot once and for every tenth twice in a row, so that workers race for it; seconds it took."""
    from config.celery import app
    from market.tasks import clear_slot

    begun = time.perf_counter()
    with app.producer_or_acquire() as producer:
        for number, slot_id in enumerate(slot_ids):
            for _ in range(1 if number % 10 else 2):
                clear_slot.apply_async(kwargs={"slot_id": slot_id}, producer=producer)
    return time.perf_counter() - begun


def wait_until_cleared(slot_ids: Sequence[int], logs: Path) -> None:
    """Until none of the slots is open; a minute without any progress ends the benchmark with what workers said."""
    from market.models import Slot

    left, since = len(slot_ids), time.monotonic()
    while left:
        time.sleep(0.2)
        before, left = left, Slot.objects.filter(pk__in=slot_ids, status="open").count()
        if left < before:
            since = time.monotonic()
        elif time.monotonic() - since > PATIENCE_S:
            said = "\n".join(log.read_text(errors="replace")[-2_000:] for log in logs.glob("worker-*.log"))
            raise SystemExit(f"{left} slots are not cleared. The workers say:\n{said}")


def clear_all(count: int, slot_ids: Sequence[int], warm_ids: Sequence[int], logs: Path) -> Round:
    """Have `count` workers clear the slots, once each; measured from the first ring to the last clearing."""
    with workers(count, logs) as running:
        # Whoever clears a limited slot has loaded the solver; that takes long enough for all of them to get some.
        ring(warm_ids)
        wait_until_cleared(warm_ids, logs)
        cpu, of_others = cpu_seconds(running), others_seconds()
        begun = time.perf_counter()
        ringing = ring(slot_ids)
        wait_until_cleared(slot_ids, logs)
        seconds = time.perf_counter() - begun
        cpu, of_others = cpu_seconds(running) - cpu, others_seconds() - of_others
    return Round(len(slot_ids), seconds, ringing, cpu, shares(slot_ids, count), of_others / seconds)


def cpu_seconds(running: Sequence[subprocess.Popen[bytes]]) -> float:
    """What the workers and their processes have used so far of the machine's cores."""
    return sum(_used(psutil.Process(worker.pid)) for worker in running)


def others_seconds() -> float:
    """What all else than this benchmark and its servers has used, and what the host has kept for itself."""
    idle = ("idle", "iowait", "guest", "guest_nice")  # a guest's time is in the user's already
    busy = sum(value for name, value in psutil.cpu_times()._asdict().items() if name not in idle)
    return busy - _used(psutil.Process())


def _used(parent: psutil.Process) -> float:
    times = (process.cpu_times() for process in (parent, *parent.children(recursive=True)))
    return sum(used.user + used.system for used in times)


def shares(slot_ids: Sequence[int], count: int) -> float:
    """Make sure that each slot was cleared once, wholly, without falling back; the busiest worker's share."""
    from django.db import connection

    from market.models import Order, Outcome

    with connection.cursor() as cursor:
        cursor.execute("SELECT worker, count(*) FROM witness WHERE slot_id = ANY(%s) GROUP BY 1", [list(slot_ids)])
        seen = dict(cursor.fetchall())
        cursor.execute(UNEQUAL, [list(slot_ids)])
        (unequal,) = cursor.fetchone()
    assert sum(seen.values()) == len(slot_ids), f"not once each: {seen}"
    assert len(seen) == count, f"{len(seen)} workers cleared, not {count}"
    assert not unequal, f"{unequal} slots fell back, or what was bought is not what was sold"
    outcomes, orders = (rows.objects.filter(slot__in=slot_ids).count() for rows in (Outcome, Order))
    assert outcomes == orders, f"{outcomes} outcomes of {orders} orders"
    return max(seen.values()) / len(slot_ids)


def measure_tick(start: datetime, count: int) -> None:
    """One look at all communities with a slot each to clear, and one at their books."""
    import redis
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from market import tasks

    with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
        for name, task in (("tick", tasks.tick), ("tick_books", tasks.tick_books)):
            seconds, rings = [], 0
            for number in range(4):  # the first opens slots, which happens once in a quarter of an hour
                with (
                    patch("market.tasks.now", lambda at=start - timedelta(seconds=200 - number): at),
                    CaptureQueriesContext(connection) as queries,
                ):
                    begun = time.perf_counter()
                    task()
                    seconds.append(time.perf_counter() - begun)
                rings = broker.llen("solver") + broker.llen("default")
                broker.delete("solver", "default")
            rest = statistics.median(seconds[1:]) * 1_000
            asked = sum(float(query["time"]) for query in queries.captured_queries) * 1_000
            print(f"  {name}: {len(queries)} queries in {asked:.0f} ms, {rings} rings; {rest:.0f} ms in all")
            print(_line(f"{name}_queries", len(queries), count), _line(f"{name}_ms", rest, count), sep="\n")


def report(rounds: dict[int, list[Round]]) -> None:
    rates = {n: statistics.median(one.slots / one.seconds for one in found) for n, found in rounds.items()}
    for n, found in rounds.items():
        each = ", ".join(f"{one.seconds:.1f}" for one in found)
        cpu = statistics.median(one.cpu / one.slots for one in found) * 1_000
        busiest = max(one.busiest for one in found)
        print(f"  {n} worker{'s' if n > 1 else ''}: {found[0].slots} slots in {each} s: {rates[n]:.1f} a second")
        print(f"    the workers' CPU {cpu:.1f} ms a slot; the busiest cleared {busiest:.0%}", end="; ")
        others = ", ".join(f"{one.others:.1f}" for one in found)
        print(f"rings sent in {found[0].ringing:.1f} s; cores that others had: {others}")
        print(_line("slots_per_second", rates[n], n))
        print(_line("cpu_ms_per_slot", cpu, n))
        print(_line("seconds_for_1000", 1_000 / rates[n], n))
    print(_line("speedup", rates[2] / rates[1], 2))


def _line(figure: str, value: float, n: int) -> str:
    return json.dumps({"bench": "scale_out", "figure": figure, "n": n, "value": round(value, 3)})


def main() -> None:
    from config.programs import embedded

    count = int(sys.argv[1]) if sys.argv[1:] else COMMUNITIES
    folder = Path(tempfile.mkdtemp(prefix="azotea-bench-"))
    os.environ["AZOTEA_DATA"] = str(folder)
    os.environ.update(embedded.start(folder, dies_with_us=True))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    try:
        others = psutil.cpu_percent(2)
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        print(f"{machine}; {others:.0f} % of it busy with something else; {count} communities of {HOMES} homes")
        measure(count, folder)
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def measure(count: int, folder: Path) -> None:
    """Build everything, then a round of clearing for each number in `ROUNDS`."""
    from django.core.management import call_command
    from django.db import connection

    from market.models import Slot

    call_command("migrate", verbosity=0)
    quarter = datetime.fromtimestamp(time.time() // 900 * 900, UTC)
    starts = [quarter - QUARTER * i for i in range(len(ROUNDS) + 1, 0, -1)]
    begun = time.perf_counter()
    build(count, starts)
    with connection.cursor() as cursor:
        cursor.execute(WITNESS)
    print(f"  built in {time.perf_counter() - begun:.0f} s", flush=True)
    slots = {
        start: list(Slot.objects.filter(start=start).order_by("pk").values_list("pk", flat=True))
        for start in starts
    }
    limited = iter(
        Slot.objects.filter(start=starts[0], community__feeder__isnull=False).values_list("pk", flat=True)
    )
    rounds: dict[int, list[Round]] = {1: [], 2: []}
    for n, start in zip(ROUNDS, starts[1:], strict=True):
        warm = list(islice(limited, WARM_UP))
        rounds[n].append(clear_all(n, slots[start][: count * n // max(ROUNDS)], warm, folder / "log"))
    report(rounds)
    Slot.objects.filter(status="open").update(status="fallback", cleared_at=quarter)
    measure_tick(starts[-1] + QUARTER, count)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
