"""The geometry of daily bars, as `market/charts/day.py` draws a day: x per mille, y in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from market.charts.day import TEXT_BASELINE, nice_step
from market.charts.shapes import WIDTH, Tick

TOP, HEIGHT, AXIS_HEIGHT = 24, 96, 26
GAP = 0.2  # of a day's width, between two bars
LEAST_PX = 2  # so that a quarter of an hour beside a full day can still be seen
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day's bar; a day without anything has none."""

    day: date
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class MonthChart:
    """Everything that the picture of some days needs; tick values are the bars' unit, and days of the month."""

    bars: tuple[DayBar, ...]
    values: tuple[Tick, ...]
    days: tuple[Tick, ...]

    height: int = TOP + HEIGHT + AXIS_HEIGHT
    zero: int = TOP + HEIGHT
    days_at: int = TOP + HEIGHT + AXIS_HEIGHT - 6


def month_chart(days: Sequence[tuple[date, timedelta]]) -> MonthChart:
    """Lay out the days of a month with the hours that each was congested.

    Raises `ValueError` for a month without days.
    """
    return day_bars([(day, congested / HOUR) for day, congested in days])


def day_bars(days: Sequence[tuple[date, float]], least_top: float = 1.0) -> MonthChart:
    """Lay out days with a value each, on an axis that reaches `least_top` at least.

    Raises `ValueError` if there are no days.
    """
    if not days:
        raise ValueError("a chart needs at least one day")
    most = max(value for _day, value in days)
    step = nice_step(max(most, least_top), 3)
    top = max(ceil(most / step), 1) * step
    slot = WIDTH / len(days)
    bars = []
    for i, (day, value) in enumerate(days):
        if value:
            height = round(max(HEIGHT * value / top, LEAST_PX), 1)
            x, width = round((i + GAP / 2) * slot, 1), round((1 - GAP) * slot, 1)
            bars.append(DayBar(day, x, round(TOP + HEIGHT - height, 1), width, height))
    ticks = [step * i for i in range(round(top / step) + 1)]
    ys = [round(TOP + HEIGHT * (1 - value / top), 1) for value in ticks]
    return MonthChart(
        bars=tuple(bars),
        values=tuple(Tick(y, value, y + TEXT_BASELINE) for y, value in zip(ys, ticks, strict=True)),
        days=tuple(
            Tick((i + 0.5) * slot, day.day, (i + 0.5) * slot, "middle")
            for i, (day, _value) in enumerate(days)
            if day.day == 1 or day.day % 5 == 0
        ),
    )
