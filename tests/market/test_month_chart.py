"""The bars of a month: in their places, in one scale, none where there was nothing."""

from datetime import date, timedelta

import pytest

from market.charts.month import HEIGHT, LEAST_PX, TOP, month_chart


def days(**hours):
    return [(date(2026, 11, day), timedelta(hours=hours.get(f"d{day}", 0))) for day in range(1, 31)]


def test_the_longest_day_stands_highest_and_an_empty_day_has_no_bar():
    chart = month_chart(days(d3=4, d20=2))

    first, second = chart.bars
    assert [bar.day.day for bar in chart.bars] == [3, 20]
    assert first.height == pytest.approx(2 * second.height, abs=0.1)
    assert first.y + first.height == second.y + second.height == TOP + HEIGHT
    assert 2 / 30 * 1_000 < first.x < first.x + first.width < 3 / 30 * 1_000


def test_a_quarter_beside_a_full_day_can_still_be_seen():
    chart = month_chart(days(d1=24, d2=0.25))

    assert chart.bars[1].height >= LEAST_PX
    assert chart.bars[0].y >= TOP


def test_ticks_are_round_and_reach_the_longest_day():
    chart = month_chart(days(d5=10.75))

    values = [tick.value for tick in chart.values]
    assert values == [0, 5, 10, 15]
    assert [tick.value for tick in chart.days] == [1, 5, 10, 15, 20, 25, 30]


def test_a_month_without_days_is_refused():
    with pytest.raises(ValueError, match="at least one day"):
        month_chart([])
