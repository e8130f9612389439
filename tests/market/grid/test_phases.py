"""Homes of unknown phase are taken alike by every computation, whatever order they come in."""

from random import Random

from market.grid import Home, assumed_phases


def test_a_known_phase_is_kept():
    assert assumed_phases([Home(1, "n1", "b", 3_450), Home(2, "n1", "abc", 3_450)]) == {1: "b", 2: "abc"}


def test_more_than_one_phase_can_carry_means_three():
    assert assumed_phases([Home(1, "n1", "", 4_600), Home(2, "n1", "", 4_601)]) == {1: "a", 2: "abc"}


def test_the_others_take_turns_by_node_and_then_id():
    homes = [
        Home(9, "n1", "", 3_450),
        Home(4, "n2", "", 3_450),
        Home(5, "n1", "", 3_450),
        Home(1, "n2", "", 3_450),
    ]

    assert assumed_phases(homes) == {5: "a", 9: "b", 1: "c", 4: "a"}


def test_the_order_of_rows_changes_nothing():
    homes = [Home(i, f"n{i % 7}", "" if i % 3 else "c", 3_450 + 300 * (i % 6)) for i in range(40)]
    expected = assumed_phases(homes)

    for seed in range(5):
        assert assumed_phases(Random(seed).sample(homes, len(homes))) == expected
