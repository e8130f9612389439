"""A street's tree is drawn whole: each cable runs without a gap from its parent's busbar to its node."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.feeder_drawing import LANE_PX, draw_tree

TREES = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*(st.integers(0, max(i - 1, 0)) for i in range(n))).map(
        lambda ups: [None, *ups[1:]] if len(ups) > 1 else [None]
    )
)


def test_a_chain_goes_straight_down():
    drawing = draw_tree([None, 0, 1])

    assert [(row.node, row.x) for row in drawing.rows] == [(0, 9.0), (1, 9.0), (2, 9.0)]
    assert drawing.width == LANE_PX


def test_the_longest_way_goes_straight_on_below_the_branches():
    drawing = draw_tree([None, 0, 0, 1, 3])  # 0 feeds 1–3–4 and 2

    assert [(row.node, row.x) for row in drawing.rows] == [(0, 9.0), (2, 27.0), (1, 9.0), (3, 9.0), (4, 9.0)]


def test_what_leaves_a_busbar_is_the_cable():
    drawing = draw_tree([None, 0, 0])

    first, branch, straight = drawing.rows
    assert [piece.cable for piece in first.pieces] == [None]
    assert [(piece.cable, piece.x1, piece.x2) for piece in branch.pieces if piece.y1 == piece.y2] == [
        (1, 9.0, 27.0)
    ]
    assert [(piece.cable, piece.y1, piece.y2) for piece in straight.pieces] == [(2, 0, 50)]


@given(TREES)
def test_every_node_has_one_row_and_every_cable_arrives_at_its_dot(parents):
    drawing = draw_tree(parents)

    assert sorted(row.node for row in drawing.rows) == list(range(len(parents)))
    assert drawing.width <= LANE_PX * (1 + log2(len(parents)) + 1)
    for row in drawing.rows:
        arrives = [p for p in row.pieces if p.cable == row.node and (p.x2, p.y2) == (row.x, 50)]
        assert len(arrives) == (parents[row.node] is not None)


@given(TREES)
def test_from_a_node_a_line_runs_down_to_each_of_its_children(parents):
    drawing = draw_tree(parents)

    row_of = {row.node: i for i, row in enumerate(drawing.rows)}
    for node, parent in enumerate(parents):
        if parent is not None:
            above, below = row_of[parent], row_of[node]
            assert above < below
            lane = drawing.rows[above].x
            for row in drawing.rows[above:below]:
                assert [piece for piece in row.pieces if piece.x1 == piece.x2 == lane and piece.y2 > piece.y1]


@pytest.mark.parametrize("parents", [[], [None, None], [1, 0], [None, 2, 1]])
def test_what_is_no_tree_is_not_drawn(parents):
    with pytest.raises(ValueError, match="one tree"):
        draw_tree(parents)
