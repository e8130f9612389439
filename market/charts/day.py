"""The geometry of the day's chart, from plain numbers to ready-to-draw shapes. Nothing is worded here.

One picture serves every screen: x runs from 0 to 1,000 and stretches with the page, y is in pixels and does
not, so text keeps its size on a phone; ticks marked `minor` are left out there. The price, the home's energy
and the battery each have their own panel over the same time axis.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from math import ceil, floor, log10

from market.charts.shapes import WIDTH, Bar, ChartSlot, DayChart, Hit, Line, Outline, Panel, Tick

PRICE_TOP, PRICE_HEIGHT = 24, 176
PANEL_GAP = 36
ENERGY_HEIGHT = 112
SOC_HEIGHT = 56
AXIS_HEIGHT = 26
TEXT_BASELINE = 4  # centres a 13 px figure on its grid line


def price_chart(slots: Sequence[ChartSlot], now: float | None = None) -> DayChart:
    """A day's prices alone, laid out as in `day_chart`."""
    chart = day_chart(slots, now)
    return replace(chart, height=chart.price.bottom + AXIS_HEIGHT, energy=None, bars=(), expected=(), battery=None)


def day_chart(slots: Sequence[ChartSlot], now: float | None = None, reserve_pct: int | None = None) -> DayChart:
    """Lay out a day of slots, 23, 24 or 25 hours long.

    `now` is a count of slots since the day began (3.5 is the middle of the fourth), None on other days;
    `reserve_pct` is drawn in the battery's panel. Raises `ValueError` for a day without slots.
    """
    if not slots:
        raise ValueError("a chart needs at least one slot")
    edges = [WIDTH * i / len(slots) for i in range(len(slots) + 1)]
    price, price_y = _price_panel(slots)
    energy, zero, energy_y = _energy_panel(slots, price.bottom + PANEL_GAP)
    battery, soc_y = _battery_panel(slots, energy.bottom + PANEL_GAP)
    lines = _step_lines(slots, edges, lambda s: s.price_ueur_kwh, price_y)
    now_at = None if now is None else WIDTH * min(max(now / len(slots), 0.0), 1.0)
    return DayChart(
        height=(battery or energy).bottom + AXIS_HEIGHT,
        price=price,
        band=tuple(_band(slots, edges, price_y)),
        prices=tuple(lines),
        energy=energy,
        zero=zero,
        bars=tuple(_bars(slots, edges, energy_y)),
        expected=tuple(_expected(slots, edges, energy_y)),
        battery=battery,
        soc=tuple(_step_lines(slots, edges, lambda s: s.soc_pct, soc_y)),
        soc_area=tuple(_areas(slots, edges, lambda s: s.soc_pct, soc_y)),
        reserve=None if battery is None or reserve_pct is None else soc_y(reserve_pct),
        hours=tuple(_hour_ticks(slots)),
        hits=tuple(
            Hit(edges[i], edges[i + 1] - edges[i], slot.address, slot.hint)
            for i, slot in enumerate(slots)
            if slot.address
        ),
        now=now_at,
        now_anchor="end" if now_at is not None and now_at > 0.85 * WIDTH else "",
    )


def nice_step(span: float, parts: int) -> float:
    """A round step (1, 2 or 5 times a power of ten) that covers `span` in at most `parts` steps.

    >>> nice_step(0.19, 4), nice_step(7, 2)
    (0.05, 5.0)
    """
    rough = span / parts
    power = 10.0 ** floor(log10(rough))
    factor = next(f for f in (1, 2, 5, 10) if f * power >= rough * (1 - 1e-9))
    return float(round(factor * power, 10))


def _scale(low: float, high: float, top: float, bottom: float) -> Callable[[float], float]:
    """Maps low..high to bottom..top, rounded to a tenth of a pixel."""
    return lambda value: round(bottom - (value - low) / (high - low) * (bottom - top), 1)


def _panel(low: float, high: float, step: float, top: float, bottom: float) -> Panel:
    """A panel with a tick at every step from low to high."""
    y = _scale(low, high, top, bottom)
    values = [low + i * step for i in range(round((high - low) / step) + 1)]
    return Panel(top, bottom, tuple(Tick(y(v), round(v, 10), y(v) + TEXT_BASELINE) for v in values))


def _price_panel(slots: Sequence[ChartSlot]) -> tuple[Panel, Callable[[float], float]]:
    """Room for the band and the price, from zero (or below, if a price is) upwards."""
    known = [
        value
        for slot in slots
        for value in (slot.feed_in_ueur_kwh, slot.retail_ueur_kwh, slot.price_ueur_kwh)
        if value is not None
    ]
    highest, lowest = max([*known, 100_000]), min([*known, 0])
    step = nice_step(highest - lowest, 5)
    high, low = ceil(highest / step) * step, floor(lowest / step) * step
    top, bottom = PRICE_TOP, PRICE_TOP + PRICE_HEIGHT
    return _panel(low, high, step, top, bottom), _scale(low, high, top, bottom)


def _energy_panel(slots: Sequence[ChartSlot], top: float) -> tuple[Panel, float, Callable[[float], float]]:
    """Sold stands up, bought hangs down, in one scale; an empty side keeps a sliver for its label."""
    sold = max(max(slot.sold_wh, slot.export_wh) for slot in slots)
    bought = max(max(slot.bought_wh, slot.import_wh) for slot in slots)
    step = nice_step(max(sold + bought, 100), 3)
    high, low = max(ceil(sold / step), 1) * step, -max(ceil(bought / step), 1) * step
    bottom = top + ENERGY_HEIGHT
    y = _scale(low, high, top, bottom)
    return _panel(low, high, step, top, bottom), y(0), y


def _battery_panel(slots: Sequence[ChartSlot], top: float) -> tuple[Panel | None, Callable[[float], float]]:
    """0 to 100 %, only in homes that report a battery."""
    bottom = top + SOC_HEIGHT
    y = _scale(0, 100, top, bottom)
    if all(slot.soc_pct is None for slot in slots):
        return None, y
    return _panel(0, 100, 50, top, bottom), y


def _runs(
    slots: Sequence[ChartSlot], value: Callable[[ChartSlot], float | None]
) -> Iterable[tuple[bool, list[tuple[int, float]]]]:
    """Unbroken stretches of known values, split where the planned part begins: (planned, [(i, value)])."""
    marked = [(i, value(slot), slot.planned) for i, slot in enumerate(slots)]
    for (known, planned), run in groupby(marked, key=lambda item: (item[1] is not None, item[2])):
        if known:
            yield planned, [(i, v) for i, v, _ in run if v is not None]


def _step_path(run: Sequence[tuple[int, float]], edges: Sequence[float], y: Callable[[float], float]) -> str:
    """Horizontal over each slot, vertical between them; equal neighbours share one stroke."""
    path = [f"M{edges[run[0][0]]:.1f} {y(run[0][1])}"]
    for (_, value), (after, following) in pairwise(run):
        if following != value:
            path.append(f"H{edges[after]:.1f}V{y(following)}")
    path.append(f"H{edges[run[-1][0] + 1]:.1f}")
    return "".join(path)


def _step_lines(
    slots: Sequence[ChartSlot],
    edges: Sequence[float],
    value: Callable[[ChartSlot], float | None],
    y: Callable[[float], float],
) -> Iterable[Line]:
    """One line per unbroken stretch; a slot without a value is a gap, never a guess."""
    for planned, run in _runs(slots, value):
        yield Line(_step_path(run, edges, y), planned, len(run))


def _areas(
    slots: Sequence[ChartSlot],
    edges: Sequence[float],
    value: Callable[[ChartSlot], float | None],
    y: Callable[[float], float],
) -> Iterable[str]:
    """The areas under the lines of `_step_lines`."""
    for _, run in _runs(slots, value):
        yield f"{_step_path(run, edges, y)}V{y(0)}H{edges[run[0][0]]:.1f}Z"


def _band(slots: Sequence[ChartSlot], edges: Sequence[float], y: Callable[[float], float]) -> Iterable[str]:
    """Between what the retailer pays and what it charges, stretch by stretch."""
    marked = [(i, s.feed_in_ueur_kwh, s.retail_ueur_kwh) for i, s in enumerate(slots)]
    for known, run in groupby(marked, key=lambda item: item[1] is not None and item[2] is not None):
        if known:
            found = [(i, low, high) for i, low, high in run if low is not None and high is not None]
            upper = _step_path([(i, high) for i, _, high in found], edges, y)
            yield upper + _way_back([(i, low) for i, low, _ in found], edges, y)


def _way_back(run: Sequence[tuple[int, float]], edges: Sequence[float], y: Callable[[float], float]) -> str:
    """The lower edge of a band, drawn from right to left, closing the path."""
    path = [f"V{y(run[-1][1])}"]
    for (i, value), (_, before) in zip(reversed(run), reversed(run[:-1]), strict=False):
        if before != value:
            path.append(f"H{edges[i]:.1f}V{y(before)}")
    return "".join([*path, f"H{edges[run[0][0]]:.1f}Z"])


def _bars(slots: Sequence[ChartSlot], edges: Sequence[float], y: Callable[[float], float]) -> Iterable[Bar]:
    """Given upwards and taken downwards from the zero line, the neighbours' part next to it."""
    for i, slot in enumerate(slots):
        if slot.planned:
            continue
        x, width = round(edges[i], 2), round(edges[i + 1] - edges[i], 2)
        sides = (("sell", 1, slot.sold_wh, slot.export_wh), ("buy", -1, slot.bought_wh, slot.import_wh))
        for side, sign, traded, metered in sides:
            for rest, inner, outer in ((False, 0, traded), (True, traded, metered)):
                if outer > inner:
                    top, bottom = sorted((y(sign * inner), y(sign * outer)))
                    yield Bar(x, top, width, round(bottom - top, 1), side, rest)


def _expected(
    slots: Sequence[ChartSlot], edges: Sequence[float], y: Callable[[float], float]
) -> Iterable[Outline]:
    """What is still to come, one outline for each side and unbroken stretch of planned slots."""
    for side, sign in (("sell", 1), ("buy", -1)):

        def amount(slot: ChartSlot, side: str = side, sign: int = sign) -> float | None:
            energy = slot.export_wh if side == "sell" else slot.import_wh
            return sign * energy if slot.planned and energy else None

        lines = _step_lines(slots, edges, amount, y)
        for line, area in zip(lines, _areas(slots, edges, amount, y), strict=True):
            yield Outline(side, area, line.path)


def _hour_ticks(slots: Sequence[ChartSlot]) -> Iterable[Tick]:
    """Every third local hour, and midnight at the end; a phone shows every sixth."""
    seen = set()
    for i, slot in enumerate(slots):
        hour = slot.start.hour
        if hour % 3 == 0 and slot.start.minute == 0 and hour not in seen:
            seen.add(hour)
            at = WIDTH * i / len(slots)
            yield Tick(at, hour, at, "" if i == 0 else "middle", minor=hour % 6 != 0)
    yield Tick(WIDTH, 24, WIDTH, "end")
