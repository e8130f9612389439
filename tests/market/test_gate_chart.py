"""The picture of the gate's weeks: every bar stands on zero, is as high as what it costs, and stays inside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.charts.gate import HEIGHT, TOP, gate_chart

costs = st.lists(st.integers(-(10**12), 10**12), min_size=3, max_size=3)


@given(costs, costs, costs)
def test_bars_stand_on_zero_and_stay_inside(rule, champion, alone):
    chart = gate_chart([("rule", rule), ("champion", champion)], alone)

    assert len(chart.bars) == 6
    for bar in chart.bars:
        assert bar.height >= 0
        assert bar.y >= TOP - 0.11
        assert bar.y + bar.height <= TOP + HEIGHT + 0.11
        assert min(abs(bar.y - chart.zero), abs(bar.y + bar.height - chart.zero)) < 0.11
    assert all(bar.x >= 0 and bar.x + bar.width <= 1_000.2 for bar in chart.bars)


@given(costs, costs)
def test_what_costs_more_has_the_higher_bar(one, other):
    chart = gate_chart([("rule", one), ("champion", other)], [0, 0, 0])

    heights = {bar.who: bar.height for bar in chart.bars[::3]}
    if abs(one[0]) > abs(other[0]):
        assert heights["rule"] >= heights["champion"]


def test_every_second_week_may_go_unnamed_on_a_phone():
    chart = gate_chart([("rule", [10**10] * 4)], [10**10] * 4)

    assert [tick.minor for tick in chart.weeks] == [False, True, False, True]


def test_without_weeks_there_is_no_picture():
    with pytest.raises(ValueError, match="at least one week"):
        gate_chart([], [])
