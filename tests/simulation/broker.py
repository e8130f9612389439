"""A broker in memory: rings get lost, come several times, late and in another order; now and then all are gone."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any


@dataclass(frozen=True)
class Odds:
    """How often a ring is lost or comes more than once, and how late it may be."""

    lost: float = 0.10
    repeated: float = 0.15
    most_times: int = 5
    latest: timedelta = timedelta(minutes=50)


NONE = Odds(0, 0, 1, timedelta())


@dataclass
class Broker:
    """Rings that wait: when each is heard, the task and what it is told."""

    chance: Random
    odds: Odds = field(default_factory=Odds)
    waiting: list[tuple[datetime, int, Any, dict[str, Any]]] = field(default_factory=list)
    rung: int = 0

    def ring(self, task: Any, told: Any, at: datetime) -> None:
        """Take a ring for each of what is `told`."""
        for one in told:
            if self.chance.random() < self.odds.lost:
                continue
            times = (
                self.chance.randint(2, self.odds.most_times) if self.chance.random() < self.odds.repeated else 1
            )
            for _ in range(times):
                self.rung += 1
                self.waiting.append((at + self.odds.latest * self.chance.random() ** 3, self.rung, task, one))

    def heard(self, at: datetime) -> list[tuple[Any, dict[str, Any]]]:
        """What is heard by `at`, in any order."""
        ready = [one for one in self.waiting if one[0] <= at]
        self.waiting = [one for one in self.waiting if one[0] > at]
        self.chance.shuffle(ready)
        return [(task, told) for _at, _number, task, told in ready]

    def flush(self) -> None:
        """Everything that waited is gone."""
        self.waiting.clear()
