"""The benchmark's references are right, or comparing with them would say nothing."""

import pytest
from hypothesis import assume, given, settings

from benchmarks.naive import double_loop, rebuilt
from market.clearing import Rules, clear
from tests.examples import examples
from tests.market.clearing.books import books, street
from tests.market.clearing.full_programme import NothingFits, solve, welfare_neur
from tests.market.clearing.test_random_feeders import slots

some = settings(max_examples=examples(25))


@some
@given(books())
def test_looping_over_all_pairs_reaches_the_welfare_of_the_clearing_on_a_street_without_limits(book):
    assert double_loop(book).welfare_neur == welfare_neur(book, street(), clear(book, street(), Rules()))


@some
@given(slots())
def test_the_programme_rebuilt_in_cvxpy_has_the_optimum_of_the_full_programme(slot):
    book, feeder = slot
    assume(book.orders)
    try:
        best = solve(book, feeder)
    except NothingFits:
        with pytest.raises(NothingFits):
            rebuilt(book, feeder)
        return

    assert rebuilt(book, feeder).welfare_neur == pytest.approx(best.welfare_neur, rel=1e-6, abs=1e4)
