"""When something that may wait costs least: every possible start by what it would cost. Plain, without a clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MINUTE = timedelta(minutes=1)


class Source(StrEnum):
    """How a price is known, surest first."""

    CLEARED = "cleared"  # by the street's clearing
    RETAILER = "retailer"  # what the home's contract charges, with nothing of the street to go by
    DAY_BEFORE = "day_before"  # the street's price of the same time on a day before
    STAND_IN = "stand_in"  # a retailer's hour that is not published yet


@dataclass(frozen=True, slots=True)
class PricedSlot:
    """What one more kWh costs in a slot (µ€/kWh), and how much surplus of the own roof is expected (Wh).

    Own surplus is not free: it costs what it would have brought.
    """

    start: datetime
    end: datetime
    price_ueur_kwh: int
    own_wh: int
    own_ueur_kwh: int
    source: Source


@dataclass(frozen=True, slots=True)
class Start:
    """One possible start: cost in n€, energy in Wh, what of it is own, and how the least sure price is known."""

    start: datetime
    end: datetime
    cost_neur: int
    energy_wh: int
    own_wh: int
    source: Source

    @property
    def price_ueur_kwh(self) -> int:
        """The mean price of a kWh."""
        return self.cost_neur // self.energy_wh if self.energy_wh else 0


def starts(slots: Sequence[PricedSlot], length: timedelta, power_w: int, by: datetime) -> list[Start]:
    """Every start at a slot's beginning that is over by `by`, in order of time. The slots follow each other."""
    found = []
    for place, slot in enumerate(slots):
        end = slot.start + length
        if end > by or end > slots[-1].end:
            break
        found.append(_started(slots[place:], slot.start, end, power_w))
    return found


def cheapest(found: Sequence[Start]) -> Start | None:
    """The start that costs least, the earliest of several; None if there is none."""
    return min(found, key=lambda one: (one.cost_neur, one.start), default=None)


def _started(slots: Sequence[PricedSlot], start: datetime, end: datetime, power_w: int) -> Start:
    cost_neur = energy_wh = own_wh = 0
    sources = [Source.CLEARED]
    for slot in slots:
        if slot.start >= end:
            break
        needed_wh = power_w * ((min(slot.end, end) - slot.start) // MINUTE) // 60
        own = min(slot.own_wh, needed_wh)
        cost_neur += own * slot.own_ueur_kwh + (needed_wh - own) * slot.price_ueur_kwh
        energy_wh += needed_wh
        own_wh += own
        sources.append(slot.source)
    return Start(start, end, cost_neur, energy_wh, own_wh, max(sources, key=list(Source).index))
