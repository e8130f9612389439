"""What the street's limits leave for more load is what the linear flow says."""

import numpy as np
import pytest

from market.grid import SHARES, Feeder, Line, Taker, Transformer, broken_limits, line_flows_w, room_left

NODES = ("n0", "n1", "n2")


def street(**changes):
    lines = (Line("l1", "n0", "n1", 0.1, 0.03, 40.0), Line("l2", "n1", "n2", 0.3, 0.05, 20.0))
    return Feeder(NODES, "n0", lines, **{"transformer": Transformer(30_000.0, 0.012, 0.038), **changes})


def loads(slots=3):
    load = np.zeros((slots, 3, 3))
    load[:, 1, 0], load[:, 2, 0], load[:, 2, 1] = 2_000, 1_000, 500
    return load


def test_a_cables_room_is_what_its_load_leaves_of_each_phase():
    room = room_left(street(), loads(), [Taker("n2", "a", 7_400.0)])

    left = {
        (limit.kind, limit.element, limit.phase): row for limit, row in zip(room.limits, room.left_w, strict=True)
    }
    flows = line_flows_w(street(), loads()[0])
    assert left["line", "l2", "a"] == pytest.approx([20 * street().phase_v - flows[2, 0]] * 3)
    assert left["transformer", "transformer", "a"] == pytest.approx([10_000 - 3_000] * 3)
    assert ("line", "l2", "b") not in left, "the car is on another phase"


def test_limits_that_the_takers_cannot_fill_are_left_out():
    room = room_left(street(), loads(), [Taker("n1", "abc", 300.0)], import_limit_w=10_000)

    assert room.limits == ()
    assert room.pushes.shape == (0, 1)


@pytest.mark.parametrize("phase", ["a", "b", "abc"])
def test_with_its_room_used_up_a_street_breaks_no_limit_and_with_more_it_does(phase):
    feeder = street(v_min_pu=0.97, v_max_pu=1.01)
    room = room_left(feeder, loads(), [Taker("n2", phase, 40_000.0)], import_limit_w=12_000)

    most_w = min(left / push for push, left in zip(room.pushes[:, 0], room.left_w[:, 0], strict=True) if push > 0)

    def broken(watts):
        drawn = loads()[0].copy()
        drawn[2] += watts * SHARES[phase]
        return broken_limits(feeder, drawn, 12_000)

    assert not broken(most_w)
    assert broken(most_w * 1.02 + 20)


def test_a_limit_that_the_load_breaks_has_no_room():
    room = room_left(street(), loads() * 10, [Taker("n2", "a", 7_400.0)])

    (row,) = [
        row
        for limit, row in zip(room.limits, room.left_w, strict=True)
        if (limit.element, limit.phase) == ("l2", "a")
    ]
    assert row.tolist() == [0, 0, 0]
