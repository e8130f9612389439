"""No shown flow, and no difference of shown flows, is one other home's."""

from hypothesis import given
from hypothesis import strategies as st

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
def test_between_shown_cables_there_is_never_a_single_other_home(street):
    parents, others = street

    found = pieces(parents, others, shown_cables(parents, others))

    assert 1 not in found or sum(others) == 1


def test_a_branch_to_one_neighbour_is_hidden_and_so_is_what_would_give_it_away():
    # a street of joints 1–2–3–4, each with a house 5, 6, 7, 8
    parents, others = [None, 0, 1, 2, 3, 1, 2, 3, 4], [0, 0, 0, 0, 0, 1, 1, 1, 1]

    shown = shown_cables(parents, others)

    assert shown == [True, True, False, True, False, False, False, False, False]
    assert 1 not in pieces(parents, others, shown)


def test_an_own_home_is_the_readers_to_see():
    assert shown_cables([None, 0, 0], [2, 0, 2]) == [True, True, True]


def test_where_all_is_one_neighbours_only_the_street_itself_is_shown():
    assert shown_cables([None, 0, 1], [0, 0, 1]) == [True, False, False]
