"""Meters that report late, twice, estimated at first, wrongly and then right, or not at all."""

import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import cos, pi
from random import Random

from community.models import Household
from metering.formats.merging import RANK
from metering.models import MeteringPoint
from metering.services.readings import ReadingRow, store_readings

HOUR = timedelta(hours=1)


@dataclass
class Meter:
    """A home's meter, what it has measured (Wh taken and given by hour), and what the site should know by now."""

    household: Household
    point: MeteringPoint
    panels_w: int
    usual_wh: int
    known: dict[datetime, tuple[int, int, int]] = field(default_factory=dict)

    def measured(self, start: datetime, chance: Random) -> tuple[int, int]:
        """Wh taken and given in the hour from `start`: use that peaks at night, and the sun."""
        sun = max(0.0, cos((start.hour - 12) / 12 * pi)) * chance.uniform(0.3, 1)
        evening = 1 + max(0.0, cos((start.hour - 20) / 12 * pi))
        net = round(self.usual_wh * evening * chance.uniform(0.6, 1.4) - self.panels_w * sun)
        return max(net, 0), max(-net, 0)

    def send(self, hours: list[tuple[datetime, int, int]], quality: str, at: datetime) -> None:
        """Hand hours over as a gateway would, and remember what has to be known afterwards."""
        rows = [
            ReadingRow(channel, start, energy_wh, quality)
            for start, taken, given in hours
            for channel, energy_wh in (("import", taken), ("export", given))
        ]
        store_readings(metering_point=self.point, rows=rows, source="api", content_sha256="0" * 64, at=at)
        for start, taken, given in hours:
            rank = RANK[quality]
            if start not in self.known or self.known[start][0] <= rank:
                self.known[start] = (rank, taken, given)


@dataclass
class Mail:
    """Readings on their way, by when they arrive."""

    chance: Random
    queue: list[tuple[datetime, int, int, list[tuple[datetime, int, int]], str]] = field(default_factory=list)
    number: int = 0

    def post(self, meter: int, hours: list[tuple[datetime, int, int]], quality: str, arrives: datetime) -> None:
        """Put readings on their way."""
        self.number += 1
        heapq.heappush(self.queue, (arrives, self.number, meter, hours, quality))

    def measure(self, meter: int, start: datetime, energy: tuple[int, int]) -> None:
        """An hour is over: mostly it arrives soon, else in one of the ways in which readings go wrong."""
        end, luck = start + HOUR, self.chance.random()
        hours = [(start, *energy)]
        if luck < 0.02:
            return  # never
        if luck < 0.08:
            self.post(meter, hours, "measured", end + timedelta(hours=self.chance.uniform(2, 60)))
        elif luck < 0.12:
            self.post(meter, [(start, energy[0] + 100, energy[1])], "estimated", end + timedelta(minutes=9))
            self.post(meter, hours, "measured", end + timedelta(hours=self.chance.uniform(1, 90)))
        else:
            self.post(meter, hours, "measured", end + timedelta(minutes=self.chance.uniform(2, 40)))
        if 0.12 < luck < 0.15:
            other = max(energy[0] + self.chance.randint(-200, 200), 0)
            self.post(
                meter, [(start, other, energy[1])], "measured", end + timedelta(hours=self.chance.uniform(3, 200))
            )

    def arrived(self, meters: list[Meter], at: datetime) -> None:
        """Hand over what has arrived by `at`."""
        while self.queue and self.queue[0][0] <= at:
            _arrives, _number, meter, hours, quality = heapq.heappop(self.queue)
            meters[meter].send(hours, quality, at)

    def resend(self, meter: int, known: dict[datetime, tuple[int, int, int]], at: datetime) -> None:
        """A gateway sends its last week again, as it is known."""
        week = [
            (start, taken, given)
            for start, (rank, taken, given) in known.items()
            if start >= at - timedelta(days=7) and rank == RANK["measured"]
        ]
        if week:
            self.post(meter, week, "measured", at)
