"""No shown flow, and no difference of shown flows, is one other home's."""

from hypothesis import given
from hypothesis import strategies as st

from community.anonymity import FEWEST_HOMES
from market.cable_privacy import shown_cables

STREETS = st.integers(1, 40).flatmap(
    lambda n: st.tuples(
        st.tuples(*(st.integers(0, max(i - 1, 0)) for i in range(n))).map(lambda ups: [None, *ups[1:]]),
        st.lists(st.integers(0, 3), min_size=n, max_size=n),
    )
)


def pieces(parents, others, shown):
    """Other homes in each piece of the street between shown cables."""
    top = list(range(len(parents)))
    counts = [0] * len(parents)
    for node in range(len(parents)):
        if node and not shown[node]:
            top[node] = top[parents[node]]
        counts[top[node]] += others[node]
    return [counts[node] for node in range(len(parents)) if top[node] == node]


@given(STREETS)
def test_between_shown_cables_there_are_never_fewer_other_homes_than_a_sum_needs(street):
    parents, others = street

    found = pieces(parents, others, shown_cables(parents, others))

    assert not set(found) & {1, 2, 3, 4} or 0 < sum(others) < FEWEST_HOMES


def test_a_branch_to_one_neighbour_is_hidden_and_so_is_what_would_give_it_away():
    # a street of joints 1–2–3–4, each with a building 5, 6, 7, 8
    parents, others = [None, 0, 1, 2, 3, 1, 2, 3, 4], [0, 0, 0, 0, 0, 3, 3, 3, 3]

    shown = shown_cables(parents, others)

    assert shown == [True, True, False, True, False, False, False, False, False]
    assert pieces(parents, others, shown) == [0, 6, 6]


def test_an_own_home_is_the_readers_to_see():
    assert shown_cables([None, 0, 0], [5, 0, 5]) == [True, True, True]


def test_where_all_is_one_neighbours_only_the_street_itself_is_shown():
    assert shown_cables([None, 0, 1], [0, 0, 1]) == [True, False, False]
