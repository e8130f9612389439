"""The picture of the cables: what is full looks full, what is hidden stays a step, large streets show the worst."""

import pytest

from market.charts.cables import LIMIT_AT_PCT, MOST_DRAWN, Element, cable_chart, loading_bar, worth_drawing


def element(parent, loading=10.0, total_w=1_000.0, low=0.99, high=1.01, **more):
    return Element(parent, loading, total_w, low, high, **more)


def looks(chart, node):
    row = next(row for row in chart.rows if row.element == node)
    return {piece.look for piece in row.pieces if piece.look != "busbar"}


def test_the_grid_stands_above_the_transformer():
    chart = cable_chart([element(None), element(0)], 0.9, 1.1)

    assert [row.element for row in chart.rows] == [None, 0, 1]
    assert chart.rows[0].dot == "grid"


def test_a_full_cables_bar_ends_at_the_limit_and_no_bar_leaves_its_box():
    assert loading_bar(100, "cable").width_pct == LIMIT_AT_PCT
    assert loading_bar(900, "cable").width_pct == 100


def test_direction_and_fullness_are_classes():
    chart = cable_chart([element(None), element(0, 60.0, -500.0), element(1, 120.0, 500.0)], 0.9, 1.1)

    assert looks(chart, 1) >= {"cable level-2 up"}
    assert looks(chart, 2) == {"cable level-4 down"}


def test_a_hidden_cable_shows_a_step_and_no_direction():
    chart = cable_chart([element(None), element(0, 31.0, -500.0, shown=False)], 0.9, 1.1)

    row = chart.rows[-1]
    assert looks(chart, 1) == {"cable level-1 either"}
    assert (row.bar.width_pct, row.bar.look) == (40.0, "cable level-1 either step")


def test_a_cable_without_limit_has_no_bar():
    assert cable_chart([element(None), element(0, None)], 0.9, 1.1).rows[-1].bar is None


@pytest.mark.parametrize(
    ("low", "high", "look"),
    [(1.0, 1.0, "middle"), (0.93, 1.0, "low"), (1.0, 1.06, "high"), (0.89, 1.0, "beyond"), (1.0, 1.11, "beyond")],
)
def test_a_voltage_is_low_middling_high_or_beyond(low, high, look):
    span = cable_chart([element(None, low=low, high=high)], 0.9, 1.1).rows[-1].span

    assert span.look == look
    assert 0 <= span.from_pct <= span.to_pct <= 100


def test_the_limits_of_the_voltage_stand_where_voltages_at_them_are_drawn():
    chart = cable_chart([element(None, low=0.9, high=1.1)], 0.9, 1.1)

    assert (chart.rows[-1].span.from_pct, chart.rows[-1].span.to_pct) == (chart.low_at, chart.high_at)


def test_before_the_clearing_only_the_tree_is_drawn():
    chart = cable_chart([element(None), element(0)], 0.9, 1.1, known=False)

    assert {row.bar for row in chart.rows} == {None}
    assert looks(chart, 1) == {"cable plain"}


def test_a_large_street_shows_the_ways_to_its_fullest_elements_and_to_the_readers_home():
    # a star of twenty chains of ten
    elements = [element(None, 1.0)]
    for chain in range(20):
        for step in range(10):
            parent = 0 if step == 0 else len(elements) - 1
            elements.append(element(parent, 90.0 if chain == 3 else 5.0))
    elements[-1] = element(elements[-1].parent, 0.0, is_mine=True)

    chart = cable_chart(elements, 0.9, 1.1)

    drawn = {row.element for row in chart.rows} - {None}
    assert len(elements) > MOST_DRAWN
    assert drawn == {0, *range(31, 41), *range(191, 201)}
    assert chart.left_out == len(elements) - 21


def test_a_small_street_is_drawn_whole():
    assert worth_drawing([element(None), *[element(0)] * (MOST_DRAWN - 1)]) == list(range(MOST_DRAWN))
