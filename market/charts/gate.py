"""The geometry of costs week by week, a bar for each candidate: x per mille, y in pixels, as
`market/charts/day.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from market.charts.day import TEXT_BASELINE, nice_step
from market.charts.shapes import WIDTH, Tick

TOP, HEIGHT, AXIS_HEIGHT = 24, 144, 26
GAP = 0.24  # of a week's width, between two groups of bars
NEUR = 10**9


@dataclass(frozen=True, slots=True)
class CostBar:
    """One candidate's cost of one week."""

    who: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class GateChart:
    """Everything that the picture needs; tick values are whole €, and places of weeks in the given order."""

    bars: tuple[CostBar, ...]
    alone: tuple[str, ...]
    euros: tuple[Tick, ...]
    weeks: tuple[Tick, ...]
    zero: float

    height: int = TOP + HEIGHT + AXIS_HEIGHT
    weeks_at: int = TOP + HEIGHT + AXIS_HEIGHT - 6


def gate_chart(costs_neur: Sequence[tuple[str, Sequence[int]]], alone_neur: Sequence[int]) -> GateChart:
    """Lay out what each candidate cost in each week (n€), and what the homes would have paid alone as a line.

    Raises `ValueError` without weeks.
    """
    weeks = len(alone_neur)
    if not weeks:
        raise ValueError("a chart needs at least one week")
    every = [value / NEUR for _who, values in costs_neur for value in values] + [v / NEUR for v in alone_neur]
    lowest, highest = min(0.0, *every), max(0.0, *every)
    step = max(nice_step(max(highest - lowest, 1.0), 4), 1.0)
    low, high = floor(lowest / step) * step, max(ceil(highest / step), 1) * step

    def y(euros: float) -> float:
        return round(TOP + HEIGHT * (high - euros) / (high - low), 1)

    group = WIDTH / weeks
    width = group * (1 - GAP) / max(len(costs_neur), 1)
    bars = []
    for place, (who, values) in enumerate(costs_neur):
        for week, value in enumerate(values):
            ends = sorted((y(0.0), y(value / NEUR)))
            x = round((week + GAP / 2) * group + place * width, 1)
            bars.append(CostBar(who, x, ends[0], round(width, 1), round(ends[1] - ends[0], 1)))
    ticks = [low + step * i for i in range(round((high - low) / step) + 1)]
    return GateChart(
        bars=tuple(bars),
        alone=tuple(
            f"M{round(week * group, 1)} {y(value / NEUR)}H{round((week + 1) * group, 1)}"
            for week, value in enumerate(alone_neur)
        ),
        euros=tuple(Tick(y(value), int(value), y(value) + TEXT_BASELINE) for value in ticks),
        weeks=tuple(
            Tick((week + 0.5) * group, week, (week + 0.5) * group, "middle", minor=week % 2 == 1)
            for week in range(weeks)
        ),
        zero=y(0.0),
    )
