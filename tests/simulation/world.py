"""The simulation itself: `Simulation(seed).live(days)` drives the site's own tasks and asks the rules of the books.

Everything that chance decides comes from the seed. A ring runs the real task as a function; a worker that is killed
is a task that is broken off at one of its statements, whose transaction is rolled back as PostgreSQL would.
"""

import hashlib
import logging
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from unittest.mock import patch

from django.db import connection

from community.models import Household
from market import tasks
from market.ledger.guard import Guard
from market.models import LogAlarm, SettledHome, Settlement, Slot, Statement, StatementLine
from market.queries.again import unlike
from market.queries.fsck import faults
from market.queries.settle import PATIENCE
from market.services.clear import GateStillOpen
from market.services.log import sign_head
from market.services.mandates import give_mandate
from market.services.solvers import solver
from tests import factories as make
from tests.simulation.broker import NONE, Broker
from tests.simulation.meters import HOUR, Mail, Meter

STEP = timedelta(minutes=20)
# The second day that is lived is the autumn's long or the spring's short one; the month closes on the twelfth or ninth.
BEGIN, SPRING = datetime(2026, 10, 23, 22, tzinfo=UTC), datetime(2026, 3, 27, 23, tzinfo=UTC)
NAMES = ("Ana", "Bruno", "Carla", "Dani", "Eva")


class Broken(AssertionError):
    """Something that must always hold does not; the words name the seed and the moment."""


class Killed(BaseException):
    """A worker's process is gone in the middle of a statement; nothing in the product may catch it."""


@dataclass
class Counts:
    """What happened."""

    steps: int = 0
    heard: int = 0
    killed: int = 0
    flushed: int = 0
    outages: int = 0
    resent: int = 0
    signers: int = 0


class Watch(logging.Handler):
    """What the site itself reports as an error."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


class Simulation:
    """A street of a few homes with slots of an hour, and all that goes wrong around it."""

    def __init__(self, seed, folder: Path, begin=BEGIN):
        self.seed, self.chance, self.now = seed, Random(seed), begin
        self.folder, self.keeper = folder, Guard(folder)
        self.broker, self.mail, self.counts = Broker(self.chance), Mail(self.chance), Counts()
        self.skew, self.away_until, self.looks = timedelta(), begin, 0
        self.begin, self.watch = begin, Watch()
        self.street, self.meters = self._street(begin)

    def _street(self, begin):
        """A street by chance: its rules, its homes, and a week of their past."""
        chance = self.chance
        street = make.community(
            slug=f"calle-{self.seed}", slot_minutes=60, order_lead_minutes=60, gate_closure_minutes=15,
            grid_fee_ueur_kwh=chance.choice((0, 5_000)), pool_pct=chance.choice((0, 10)),
            price_rule=chance.choice(("equilibrium_midpoint", "mid_market", "pay_as_bid", "locational")),
            fairness_rule=chance.choice(("pro_rata", "equal_share", "need_first")),
            export_limit_w=chance.choice((None, 2_500)), created_at=begin - timedelta(days=90),
        )  # fmt: skip
        offer = make.tariff(f"Luz {self.seed}")
        meters = []
        for place, name in enumerate(NAMES[: chance.randint(3, 5)]):
            home = make.home(street, name, offer)
            point = make.meter(home)
            point.resolution_minutes = 60
            point.save()
            meter = Meter(
                home, point, (chance.choice((3_000, 5_000)) if place % 2 == 0 else 0), chance.randint(150, 600)
            )
            past = [begin - HOUR * (i + 1) for i in range(7 * 24)]
            meter.send([(start, *meter.measured(start, chance)) for start in past], "measured", begin)
            meters.append(meter)
        make.battery(meters[0].household)
        return street, meters

    # --- living -------------------------------------------------------------------------------------------------

    def live(self, days):
        """Live so many days, let all that is due be done in peace, and ask every rule of everything."""
        with self._stage():
            until = self.begin + timedelta(days=days)
            try:
                while self.now < until:
                    self._step()
                self._rest()
                self._must_hold(thoroughly=True)
            except Broken:
                raise
            except Exception as error:
                raise Broken(f"{self._place()}: {error!r}") from error
        return self.counts

    @contextmanager
    def _stage(self):
        """The site's tasks on this clock and this broker."""
        with ExitStack() as stack:
            stack.enter_context(patch.object(tasks, "now", self._clock))
            stack.enter_context(patch.object(tasks, "_ring", self._ring))
            logger = logging.getLogger("market")
            logger.addHandler(self.watch)
            stack.callback(logger.removeHandler, self.watch)
            yield

    def _clock(self):
        """A worker's clock: no two looks at it find the same microsecond."""
        self.looks += 1
        return self.now + self.skew + timedelta(microseconds=self.looks)

    def _ring(self, task, told, _seconds):
        self.broker.ring(task, told, self.now)

    def _step(self):
        chance, self.counts.steps = self.chance, self.counts.steps + 1
        if (self.now - self.begin) % HOUR == timedelta():
            for place, meter in enumerate(self.meters):
                start = self.now - HOUR
                self.mail.measure(place, start, meter.measured(start, chance))
        self.mail.arrived(self.meters, self.now)
        self._misfortune()
        if self.now >= self.away_until:
            self._work(tasks.tick, {})
            self._work(tasks.tick_books, {})
            if self.counts.steps % 6 == 0:
                self._work(tasks.sweep_books, {})
            for task, told in self.broker.heard(self.now):
                self._work(task, told)
            if chance.random() < 0.3:
                sign_head(community=self.street, keeper=self.keeper, at=self.now)
        if (self.now - self.begin) % timedelta(days=1) == timedelta(days=1) - STEP:
            self._must_hold()
        self.now += STEP

    def _misfortune(self):
        """What an operator does and suffers."""
        chance = self.chance
        if chance.random() < 0.01:
            self.broker.flush()
            self.counts.flushed += 1
        if chance.random() < 0.004:
            self.away_until = self.now + timedelta(hours=chance.uniform(1, 30))
            self.counts.outages += 1
        if chance.random() < 0.01:
            self.keeper = Guard(self.folder)
            self.counts.signers += 1
        if chance.random() < 0.01:
            place = chance.randrange(len(self.meters))
            self.mail.resend(place, self.meters[place].known, self.now)
            self.counts.resent += 1
        if chance.random() < 0.01:
            home = chance.choice(self.meters).household
            least = chance.choice((0, 60_000, 120_000))
            give_mandate(household=home, given_by=None, at=self.now, min_sell_ueur_kwh=least)

    def _work(self, task, told):
        """A worker runs a task; its clock may be off by minutes, and it may be killed at any statement."""
        chance = self.chance
        self.counts.heard += 1
        self.skew = timedelta(minutes=chance.uniform(-5, 5)) if chance.random() < 0.05 else timedelta()
        if chance.random() < 0.02:
            self.skew = timedelta(minutes=chance.uniform(-65, -55))
        try:
            if chance.random() < 0.05:
                with connection.execute_wrapper(_death_after(chance.randint(1, 40))):
                    task(**told)
            else:
                task(**told)
        except Killed:
            self.counts.killed += 1
        except GateStillOpen:
            pass  # a clock that is slow; the next tick rings again
        finally:
            self.skew = timedelta()

    def _rest(self):
        """Quiet days in which every reading that is on its way arrives and all that is due gets done."""
        self.away_until, self.broker.odds = self.now, NONE
        last = max((one[0] for one in self.mail.queue), default=self.now) + PATIENCE + HOUR
        while self.now < last or self._due():
            self.now += timedelta(hours=6)
            self.mail.arrived(self.meters, self.now)
            for task in (tasks.tick_books, tasks.sweep_books):
                task()
            for task, told in self.broker.heard(self.now):
                task(**told)
        sign_head(community=self.street, keeper=self.keeper, at=self.now)

    def _due(self):
        return tasks.due_to_settle(self.now, thoroughly=True)

    # --- what must hold -----------------------------------------------------------------------------------------

    def _must_hold(self, *, thoroughly=False):
        since = None if thoroughly else self.now - timedelta(days=1)
        said = [*faults(self.street, since=since), *self.watch.said, *unlike(self.street, solver(), since=since)]
        said += [f"alarm: {alarm.reason}" for alarm in LogAlarm.objects.filter(community=self.street)]
        said += self._early()
        if thoroughly:
            said += self._undone()
        if said:
            raise Broken(f"{self._place()}: {'; '.join(said[:5])}")

    def _place(self):
        return f"seed {self.seed}, {self.now:%Y-%m-%d %H:%M}"

    def _early(self):
        """Slots that were settled before they were over, or cleared before their gate closed."""
        settled = Settlement.objects.filter(slot__community=self.street).select_related("slot")
        yield from (f"slot {one.slot_id} was settled early" for one in settled if one.settled_at < one.slot.end)
        slots = Slot.objects.filter(community=self.street, cleared_at__isnull=False)
        yield from (f"slot {one.pk} was cleared early" for one in slots if one.cleared_at < one.gate_closure)

    def _undone(self):
        """What should have been done by now: every slot settled once, with what the meters said last."""
        slots = (
            Slot.objects.filter(community=self.street).exclude(status="open").filter(end__lte=self.now - PATIENCE)
        )
        yield from (f"slot {slot.pk} is not settled" for slot in slots.filter(settlements=None))
        starts = list(Slot.objects.filter(community=self.street).order_by("start").values_list("start", flat=True))
        yield from (f"no slot before {b}" for a, b in pairwise(starts) if b - a != HOUR)
        known = {meter.household.pk: meter.known for meter in self.meters}
        rows = SettledHome.objects.filter(household__community=self.street, is_current=True)
        for row in rows:
            told = known[row.household_id].get(row.start)
            if (told is None) != row.missing or (told and told[1:] != (row.import_wh, row.export_wh)):
                yield f"home {row.household_id} at {row.start} is settled with {row.import_wh}, {row.export_wh}: {told}"

    def result(self):
        """All figures in one hash: the same seed comes to the same."""
        homes = list(Household.objects.filter(community=self.street).order_by("pk").values_list("pk", flat=True))
        rows = SettledHome.objects.filter(household__in=homes, is_current=True).order_by("start", "household")
        lines = StatementLine.objects.filter(statement__household__in=homes).order_by("statement", "position")
        said = [
            (start.isoformat(), homes.index(home), *figures)
            for start, home, *figures in rows.values_list(
                "start", "household", "import_wh", "export_wh", "bought_wh", "sold_wh", "paid_neur", "earned_neur",
                "pool_neur", "shortfall_neur",
            )
        ]  # fmt: skip
        said += [tuple(line) for line in lines.values_list("kind", "energy_wh", "amount_neur", "amount_cents")]
        return hashlib.sha256(repr(said).encode()).hexdigest()

    def months(self):
        """Months that were closed."""
        return Statement.objects.filter(household__community=self.street).values("month").distinct().count()


def _death_after(statements):
    """Lets so many statements through, then ends the worker."""
    left = [statements]

    def run(execute, sql, params, many, context):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return execute(sql, params, many, context)

    return run
