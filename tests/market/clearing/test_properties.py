"""What must hold of every clearing, on random books."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from market.clearing import Book, Kind, Order, Reason, Rules, Side, clear, verify
from market.clearing import congested as network
from market.clearing.merit import uncongested
from market.grid import Limit, single_node
from tests.market.clearing.books import NODES, books, street

WIDE, NARROW = street(), street(limit_a=30.0, v_min_pu=0.97, v_max_pu=1.03)
slow = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(books())
def test_every_clearing_without_congestion_passes_the_independent_verifier(book):
    assert verify(book, WIDE, clear(book, WIDE, Rules())) == []


@slow
@given(books(most_wh=12_000, limits=True))
def test_every_congested_clearing_passes_the_independent_verifier(book):
    assert verify(book, NARROW, clear(book, NARROW, Rules())) == []


@slow
@given(books(limits=True), st.randoms())
def test_the_order_of_rows_changes_nothing(book, random):
    shuffled = list(book.orders)
    random.shuffle(shuffled)

    assert clear(replace(book, orders=tuple(shuffled)), WIDE, Rules()) == clear(book, WIDE, Rules())


@slow
@given(books())
def test_the_linear_programme_trades_what_the_merit_order_trades(book):
    assume(book.orders)
    local, flow = uncongested(book)
    roomy = Limit("transformer", "import", np.ones((len(NODES), 3)), 1e9)

    answer = network.solve(book, WIDE, [roomy])

    assert sum(answer.local_wh.values()) == pytest.approx(sum(local.values()), abs=4 + len(book.orders))
    # Which of two buyers at one price trades is open here, so only flows that do not depend on it are compared.
    certain = [order.id for order in book.orders if order.meets_retailer]
    assert sum(answer.flow_wh[i] for i in certain) == pytest.approx(
        sum(flow[i] for i in certain), abs=len(certain)
    )


@slow
@given(books(limits=True), st.sampled_from(["equilibrium_midpoint", "mid_market"]))
def test_nobody_trades_beyond_the_limit_that_counts(book, rule):
    answer = clear(book, WIDE, Rules(price=rule))

    fills = {fill.order_id: fill for fill in answer.fills}
    for order in book.orders:
        if fills[order.id].local_wh:
            net = answer.price_ueur_kwh - (book.grid_fee_ueur_kwh if order.side is Side.SELL else 0)
            assert net <= order.bound_ueur_kwh if order.side is Side.BUY else net >= order.bound_ueur_kwh


@slow
@given(books())
def test_every_order_gets_one_outcome_with_a_reason(book):
    answer = clear(book, WIDE, Rules())

    assert [fill.order_id for fill in answer.fills] == [order.id for order in book.orders]
    assert all(isinstance(fill.reason, Reason) for fill in answer.fills)


def trade() -> tuple[Book, object]:
    buy = Order(1, 1, "b1", "abc", Side.BUY, Kind.FIRM, 1_000, 150_000, 200_000)
    sell = Order(2, 2, "b2", "abc", Side.SELL, Kind.FIRM, 800, 60_000, 50_000)
    book = Book((buy, sell), grid_fee_ueur_kwh=5_000)
    return book, clear(book, WIDE, Rules())


def tampered(answer, **change):
    first = replace(answer.fills[0], **change)
    return replace(answer, fills=(first, *answer.fills[1:]))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda a: tampered(a, local_wh=801),
        lambda a: tampered(a, local_wh=700, retailer_wh=300),
        lambda a: tampered(a, retailer_wh=199),
        lambda a: tampered(a, local_wh=900, retailer_wh=200),
        lambda a: replace(a, price_ueur_kwh=151_000),
        lambda a: replace(a, price_ueur_kwh=64_999),
        lambda a: replace(a, price_ueur_kwh=None),
        lambda a: replace(a, welfare_neur=a.welfare_neur + 1),
        lambda a: replace(a, fills=a.fills[:1]),
        lambda a: replace(a, fills=(*a.fills, a.fills[0])),
        lambda a: replace(a, interval=None),
    ],
)
def test_the_verifier_refuses_a_clearing_that_was_tampered_with(spoil):
    book, answer = trade()

    assert verify(book, WIDE, answer) == []
    assert verify(book, WIDE, spoil(answer)) != []


def test_the_verifier_refuses_a_broken_cable():
    sellers = tuple(Order(i, i, "b2", "abc", Side.SELL, Kind.FIRM, 5_000, 0, 50_000) for i in range(4))
    book = Book(sellers)

    fair = clear(book, WIDE, Rules())

    assert verify(book, WIDE, fair) == []
    assert any("Line" in problem for problem in verify(book, street(limit_a=20.0), fair))


def test_firm_load_beyond_a_limit_is_an_emergency_and_not_a_failure():
    book = Book((Order(1, 1, "b1", "abc", Side.BUY, Kind.FIRM, 5_000, 200_000, 200_000),), import_limit_w=8_000)

    answer = clear(book, WIDE, Rules())

    assert answer.emergency
    assert answer.fills[0].flow_wh == 5_000
    assert answer.bindings[0].element == "transformer"


def test_flexible_load_yields_before_firm_load():
    firm = Order(1, 1, "b1", "abc", Side.BUY, Kind.FIRM, 1_000, 200_000, 200_000)
    car = Order(2, 2, "b1", "abc", Side.BUY, Kind.FLEXIBLE, 3_000, 200_000, 200_000)

    answer = clear(Book((firm, car), import_limit_w=8_000), WIDE, Rules())

    assert [fill.flow_wh for fill in answer.fills] == [1_000, 1_000]
    assert answer.fills[1].reason is Reason.NETWORK_LIMIT
    assert answer.fills[1].curtailed_wh == 2_000


def test_a_rule_that_does_not_exist_is_named():
    book, _ = trade()

    with pytest.raises(ValueError, match="first_come"):
        clear(book, WIDE, Rules(fairness="first_come"))
    with pytest.raises(ValueError, match="dearest"):
        clear(book, WIDE, Rules(price="dearest"))


def test_a_price_stands_inside_its_interval():
    book, answer = trade()

    assert answer.interval == (65_000, 150_000) or answer.interval[0] >= 65_000
    assert answer.price_ueur_kwh == 150_000, "the part-filled purchase is marginal, so it sets the price"


def test_prices_of_an_unknown_busbar_need_no_feeder():
    book, _ = trade()
    at_busbar = replace(book, orders=tuple(replace(order, node="busbar") for order in book.orders))

    assert clear(at_busbar, single_node(), Rules()).energy_wh == 800
