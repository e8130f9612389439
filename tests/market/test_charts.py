"""The day's chart stays inside its box, keeps gaps as gaps, and fits days of 23, 24 and 25 hours."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.charts.day import day_chart, nice_step
from market.charts.shapes import WIDTH, ChartSlot
from tests.examples import examples

MADRID = ZoneInfo("Europe/Madrid")
SPRING = datetime(2026, 3, 29, tzinfo=MADRID)
WINTER = datetime(2026, 11, 22, tzinfo=MADRID)
AUTUMN = datetime(2026, 10, 25, tzinfo=MADRID)


def day_of(day: datetime, count: int = 96) -> list[ChartSlot]:
    """Slots of a local day with a price, a band and some energy both ways."""
    midnight = day.astimezone(UTC)
    return [
        ChartSlot(
            start=(midnight + timedelta(minutes=15 * i)).astimezone(MADRID),
            feed_in_ueur_kwh=60_000,
            retail_ueur_kwh=164_000 if i < 40 else 214_000,
            price_ueur_kwh=100_000 + 1_000 * (i % 5),
            sold_wh=200,
            export_wh=300,
            bought_wh=50,
            import_wh=80,
        )
        for i in range(count)
    ]


def points(path: str) -> list[tuple[float, float]]:
    """Corners of a path made of M, H, V and Z."""
    x = y = 0.0
    corners = []
    for command, numbers in re.findall(r"([MHV])([-\d. ]+)", path):
        values = [float(n) for n in numbers.split()]
        x = values[0] if command in "MH" else x
        y = values[-1] if command in "MV" else y
        corners.append((x, y))
    return corners


@pytest.mark.parametrize(("day", "count"), [(SPRING, 92), (WINTER, 96), (AUTUMN, 100)])
def test_a_day_spans_the_whole_width_whatever_the_clock_did(day, count):
    slots = day_of(day, count)

    chart = day_chart(slots)

    assert slots[-1].start + timedelta(minutes=15) == day + timedelta(days=1)
    assert points(chart.prices[0].path)[-1][0] == WIDTH
    assert chart.prices[0].steps == count
    assert len([bar for bar in chart.bars if bar.side == "sell" and not bar.rest]) == count
    assert [tick.value for tick in chart.hours] == [0, 3, 6, 9, 12, 15, 18, 21, 24]


def test_every_third_hour_is_named_and_every_sixth_on_a_phone():
    hours = day_chart(day_of(WINTER)).hours

    assert [tick.value for tick in hours if not tick.minor] == [0, 6, 12, 18, 24]
    assert [tick.at_pct for tick in hours][:3] == ["0.00%", "12.50%", "25.00%"]


def test_a_slot_without_a_price_is_a_gap():
    slots = day_of(WINTER)
    slots[30:33] = [replace(slot, price_ueur_kwh=None) for slot in slots[30:33]]

    lines = day_chart(slots).prices

    assert [line.steps for line in lines] == [30, 63]
    assert points(lines[0].path)[-1][0] == pytest.approx(WIDTH * 30 / 96, abs=0.1)
    assert points(lines[1].path)[0][0] == pytest.approx(WIDTH * 33 / 96, abs=0.1)


def test_a_change_of_price_is_a_vertical_step_at_the_slot_edge():
    slots = day_of(WINTER)
    slots = [replace(slot, price_ueur_kwh=90_000 if i < 48 else 120_000) for i, slot in enumerate(slots)]

    (line,) = day_chart(slots).prices

    assert [x for x, _ in points(line.path)] == [0, 500, 500, 1000]


def test_what_is_planned_is_a_line_of_its_own_and_an_outline_instead_of_bars():
    slots = [replace(slot, planned=i >= 60) for i, slot in enumerate(day_of(WINTER))]

    chart = day_chart(slots, now=60)

    assert [(line.planned, line.steps) for line in chart.prices] == [(False, 60), (True, 36)]
    assert max(bar.x + bar.width for bar in chart.bars) <= chart.now + 0.1
    assert {outline.side for outline in chart.expected} == {"sell", "buy"}


def test_the_neighbours_part_stands_next_to_the_zero_line_and_the_retailers_behind_it():
    chart = day_chart(day_of(WINTER))

    sold, rest = [bar for bar in chart.bars if bar.side == "sell"][:2]

    assert sold.y + sold.height == pytest.approx(chart.zero)
    assert rest.y + rest.height == pytest.approx(sold.y, abs=0.2)
    assert sold.height == pytest.approx(2 * rest.height, abs=0.3)


def test_the_band_is_missing_where_the_retailers_prices_are():
    slots = day_of(WINTER)
    slots[10:20] = [replace(slot, retail_ueur_kwh=None) for slot in slots[10:20]]

    band = day_chart(slots).band

    assert len(band) == 2
    assert all(path.endswith("Z") for path in band)


def test_a_home_without_a_battery_has_no_battery_panel():
    without = day_chart(day_of(WINTER), reserve_pct=40)
    with_battery = day_chart([replace(slot, soc_pct=50.0) for slot in day_of(WINTER)], reserve_pct=40)

    assert without.battery is None
    assert without.reserve is None
    assert with_battery.battery.top < with_battery.reserve < with_battery.battery.bottom
    assert with_battery.height > without.height


def test_the_word_now_turns_to_the_left_near_midnight():
    assert day_chart(day_of(WINTER), now=10).now_anchor == ""
    assert day_chart(day_of(WINTER), now=95).now_anchor == "end"


def test_a_day_without_slots_is_refused():
    with pytest.raises(ValueError, match="at least one slot"):
        day_chart([])


def test_an_empty_day_still_has_its_axes():
    slots = [ChartSlot(slot.start, None, None) for slot in day_of(WINTER)]

    chart = day_chart(slots)

    assert chart.prices == ()
    assert chart.bars == ()
    assert len(chart.price.ticks) > 1
    assert len(chart.energy.ticks) > 1


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-50_000, 900_000)),
            st.integers(0, 9_000),
            st.integers(0, 9_000),
            st.booleans(),
        ),
        min_size=1,
        max_size=100,
    )
)
def test_everything_drawn_lies_inside_its_panel(rows):
    start = datetime(2026, 11, 22, tzinfo=MADRID)
    slots = [
        ChartSlot(
            start=start + timedelta(minutes=15 * i),
            feed_in_ueur_kwh=60_000,
            retail_ueur_kwh=200_000,
            price_ueur_kwh=price,
            sold_wh=out // 2,
            export_wh=out,
            bought_wh=taken // 2,
            import_wh=taken,
            planned=planned,
        )
        for i, (price, out, taken, planned) in enumerate(rows)
    ]

    chart = day_chart(slots)
    panel = chart.price

    for line in chart.prices:
        assert all(0 <= x <= WIDTH and panel.top <= y <= panel.bottom for x, y in points(line.path))
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH + 0.1
        assert chart.energy.top - 0.1 <= bar.y <= bar.y + bar.height <= chart.energy.bottom + 0.1
    for outline in chart.expected:
        assert all(chart.energy.top <= y <= chart.energy.bottom for _, y in points(outline.edge))
    assert chart.price.bottom < chart.energy.top


@given(st.floats(0.001, 1e6), st.integers(1, 10))
def test_a_nice_step_covers_the_span_in_the_parts_allowed(span, parts):
    step = nice_step(span, parts)

    assert step * parts >= span * (1 - 1e-6)
    assert step <= 2.5 * 10 * span / parts
