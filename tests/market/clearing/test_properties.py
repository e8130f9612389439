"""What must hold of every clearing, on random books."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from market.clearing import Book, Clearing, Kind, Order, Reason, Rules, Side, clear, specification, verify
from market.clearing.apportion import RULES as FAIRNESS
from market.clearing.book import Fees
from market.clearing.price import RULES as PRICES
from market.grid import Feeder, single_node
from tests.examples import examples
from tests.market.clearing.books import NODES, books, street, with_orders
from tests.market.clearing.seeded import slot_of

WIDE, NARROW = street(), street(limit_a=30.0, v_min_pu=0.97, v_max_pu=1.03)
slow = settings(max_examples=examples(40))


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

    assert clear(with_orders(book, shuffled), WIDE, Rules()) == clear(book, WIDE, Rules())


@slow
@given(books(most_wh=12_000, limits=True), st.sampled_from(PRICES), st.sampled_from(FAIRNESS))
def test_every_rule_clears_what_the_verifier_accepts(book, price, fairness):
    assert verify(book, NARROW, clear(book, NARROW, Rules(price, fairness))) == []


@settings(slow, max_examples=examples(20))
@given(books(most_wh=12_000, limits=True), st.sampled_from(["equilibrium_midpoint", "locational"]))
def test_two_solver_paths_give_the_same_clearing_to_the_last_byte(book, rule):
    rules = Rules(price=rule)

    direct, modelled = clear(book, NARROW, rules), clear(book, NARROW, rules, specification.solve)

    # Where firm energy breaks limits that contradict each other, any of several ways out may be found.
    assume(not direct.emergency)
    assert repr(direct.published) == repr(modelled.published)


def test_a_limit_that_is_full_but_holds_nothing_back_is_named_by_either_path():
    rows = [
        (1, 98_000, "b0", "abc", Side.BUY),
        (1_734, 45_000, "b2", "a", Side.SELL),
        (1, 45_000, "b1", "a", Side.SELL),
    ]
    book = Book.of(
        [
            Order(i, i // 2, node, phase, side, Kind.FIRM, energy, limit, limit)
            for i, (energy, limit, node, phase, side) in enumerate(rows)
        ],
        nodes=("b0", "b2", "b1"),
    )

    direct, modelled = (clear(book, NARROW, Rules(), solve) for solve in (None, specification.solve))

    assert repr(direct.published) == repr(modelled.published)
    assert "l2" in {binding.element for binding in direct.bindings if not binding.shadow_ueur_kwh}


@slow
@given(books(limits=True), st.sampled_from(PRICES))
def test_nobody_trades_beyond_the_limit_that_counts(book, rule):
    answer = clear(book, WIDE, Rules(price=rule))

    for order, fill in zip(book.orders, answer.fills, strict=True):
        if fill.local_wh:
            net = fill.price_ueur_kwh - (book.grid_fee_ueur_kwh if order.side is Side.SELL else 0)
            if order.side is Side.BUY:
                assert net <= min(order.limit_ueur_kwh, order.retailer_ueur_kwh)
            else:
                assert net >= max(order.limit_ueur_kwh, order.retailer_ueur_kwh)


@slow
@given(books())
def test_every_order_gets_one_outcome_with_a_reason(book):
    answer = clear(book, WIDE, Rules())

    assert [fill.order_id for fill in answer.fills] == [order.id for order in book.orders]
    assert all(isinstance(fill.reason, Reason) for fill in answer.fills)


def trade() -> tuple[Book, object]:
    buy = Order(1, 1, "b1", "abc", Side.BUY, Kind.FIRM, 1_000, 150_000, 200_000)
    sell = Order(2, 2, "b2", "abc", Side.SELL, Kind.FIRM, 800, 60_000, 50_000)
    book = Book.of((buy, sell), grid_fee_ueur_kwh=5_000)
    return book, clear(book, WIDE, Rules())


def held_back() -> tuple[Book, object]:
    """A sunny slot in which two limits bind and prices differ by place."""
    orders = [
        Order(i, i, NODES[1 + i % 4], "abc", Side.SELL, Kind.FIRM, 6_000, 50_000 + 1_000 * i, 50_000)
        for i in range(8)
    ]
    orders += [Order(20 + i, i, NODES[i], "abc", Side.BUY, Kind.FLEXIBLE, 900, 80_000, 229_000) for i in range(5)]
    book = Book.of(orders, grid_fee_ueur_kwh=5_000)
    return book, clear(book, NARROW, Rules(price="locational"))


def first(column, value):
    """Another figure for the first order."""

    def spoil(answer):
        figures = getattr(answer, column).copy()
        figures[0] = value
        return replace(answer, **{column: figures})

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        first("local_wh", 801),
        lambda a: first("flow_wh", 1_000)(first("local_wh", 700)(a)),
        first("flow_wh", 999),
        lambda a: first("flow_wh", 1_100)(first("local_wh", 900)(a)),
        first("curtailed_wh", 5),
        lambda a: replace(a, price_ueur_kwh=151_000),
        first("prices_ueur_kwh", 151_000),
        first("prices_ueur_kwh", 149_999),
        lambda a: replace(a, price_ueur_kwh=None),
        lambda a: replace(a, welfare_neur=a.welfare_neur + 1),
        lambda a: replace(a, rent_neur=a.rent_neur - 1),
        lambda a: replace(a, local_wh=a.local_wh[:1]),
        lambda a: replace(a, interval=None),
        lambda a: replace(a, voltages_v=None),
        lambda a: replace(a, voltages_v=a.voltages_v * 1.001),
    ],
)
def test_the_verifier_refuses_a_clearing_that_was_tampered_with(spoil):
    book, answer = trade()

    assert verify(book, WIDE, answer) == []
    assert verify(book, WIDE, spoil(answer)) != []


def other_binding(**change):
    return lambda a: replace(a, bindings=(replace(a.bindings[0], **change), *a.bindings[1:]))


@pytest.mark.parametrize(
    "spoil",
    [
        other_binding(exact_ueur_kwh=-1.0),
        other_binding(most=1e6),
        lambda a: replace(a, bindings=()),
        lambda a: replace(a, energy_ueur_kwh=a.energy_ueur_kwh + 5_000),
        lambda a: replace(a, bindings=tuple(replace(row, exact_ueur_kwh=0.0) for row in a.bindings)),
        lambda a: replace(a, flow_wh=np.minimum(a.flow_wh + 500, a.book.energy_wh)),
    ],
)
def test_the_verifier_refuses_prices_that_prove_nothing_and_flows_that_break_a_cable(spoil):
    book, answer = held_back()

    assert len(answer.bindings) >= 2
    assert verify(book, NARROW, answer) == []
    assert verify(book, NARROW, spoil(answer)) != []


def far_apart() -> tuple[Book, Feeder, Clearing]:
    """Two cables out of one busbar, a fee for leaving either, and a trade on each and between them."""
    orders = [
        Order(1, 1, "b1", "abc", Side.SELL, Kind.FLEXIBLE, 1_500, 50_000, 45_000),
        Order(2, 2, "b2", "abc", Side.BUY, Kind.FLEXIBLE, 1_000, 200_000, 229_000),
        Order(3, 3, "b3", "abc", Side.BUY, Kind.FLEXIBLE, 1_000, 200_000, 229_000),
    ]
    book = Book.of(orders, fees=Fees(2_000, 6_000))
    return book, WIDE, clear(book, WIDE, Rules())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda a: replace(a, zone_ueur_kwh=a.zone_ueur_kwh * 3),
        lambda a: replace(a, zone_ueur_kwh=np.zeros(3)),
        lambda a: replace(a, zone_ueur_kwh=a.zone_ueur_kwh + np.array([0, 500, 0])),
        lambda a: replace(a, distance_ueur_kwh=np.zeros(3, dtype=int)),
        lambda a: replace(a, distance_ueur_kwh=2 * a.distance_ueur_kwh),
        lambda a: replace(a, prices_ueur_kwh=a.prices_ueur_kwh - a.distance_ueur_kwh),
        lambda a: replace(a, welfare_neur=a.welfare_neur + 2_000_000),
        lambda a: replace(a, local_wh=np.array([1_500, 500, 1_000]), flow_wh=np.array([1_500, 500, 1_000])),
    ],
)
def test_the_verifier_refuses_forged_prices_of_distance(spoil):
    book, feeder, answer = far_apart()

    assert answer.distance_ueur_kwh.any()
    assert verify(book, feeder, answer) == []
    assert verify(book, feeder, spoil(answer)) != []


def compensated() -> tuple[Book, Feeder, Clearing]:
    """The first street on which the one price does not suit somebody whom the street needs."""
    for seed in range(5_000, 5_300):
        book, feeder = slot_of(seed)
        answer = clear(book, feeder, Rules())
        if answer.compensated and len(answer.bindings):
            return book, feeder, answer
    raise AssertionError("No street needed a compensation.")


def against_the_price(answer):
    """Which trades the one price does not suit: those whose own price is another."""
    moved = answer.prices_ueur_kwh != answer.price_ueur_kwh + answer.distance_ueur_kwh
    return np.flatnonzero(moved & (answer.local_wh > 0))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda a: replace(a, compensated=False),
        lambda a: replace(a, rent_neur=-1),
        lambda a: replace(
            a,
            prices_ueur_kwh=np.where(a.local_wh > 0, a.price_ueur_kwh, a.prices_ueur_kwh) + a.distance_ueur_kwh,
        ),
        lambda a: replace(a, prices_ueur_kwh=a.prices_ueur_kwh + np.where(a.book.buys, 0, 1_000)),
        lambda a: replace(a, prices_ueur_kwh=a.prices_ueur_kwh - np.where(a.book.buys, 10**6, 0)),
    ],
)
def test_the_verifier_refuses_a_forged_compensation(spoil):
    book, feeder, answer = compensated()

    assert len(against_the_price(answer))
    assert verify(book, feeder, answer) == []
    assert verify(book, feeder, spoil(answer)) != []


def test_the_verifier_refuses_orders_kept_from_a_price_that_suits_them():
    book, answer = trade()
    kept = np.zeros(2, dtype=np.int64)

    forged = replace(
        answer,
        local_wh=kept,
        price_ueur_kwh=None,
        interval=None,
        welfare_neur=0,
        barred=np.ones(2, dtype=bool),
        forced_ueur_kwh=100_000,
    )

    assert any("kept from trading" in problem for problem in verify(book, WIDE, forged))


def test_the_verifier_refuses_a_broken_cable():
    sellers = tuple(Order(i, i, "b2", "abc", Side.SELL, Kind.FIRM, 5_000, 0, 50_000) for i in range(4))
    book = Book.of(sellers)

    fair = clear(book, WIDE, Rules())

    assert verify(book, WIDE, fair) == []
    assert any("line to" in problem for problem in verify(book, street(limit_a=20.0), fair))


def test_firm_load_beyond_a_limit_is_an_emergency_and_not_a_failure():
    book = Book.of((Order(1, 1, "b1", "abc", Side.BUY, Kind.FIRM, 5_000, 200_000, 200_000),), import_limit_w=8_000)

    answer = clear(book, WIDE, Rules())

    assert answer.emergency
    assert answer.fills[0].flow_wh == 5_000
    assert answer.bindings[0].element == "transformer"


def test_flexible_load_yields_before_firm_load():
    firm = Order(1, 1, "b1", "abc", Side.BUY, Kind.FIRM, 1_000, 200_000, 200_000)
    car = Order(2, 2, "b1", "abc", Side.BUY, Kind.FLEXIBLE, 3_000, 200_000, 200_000)

    answer = clear(Book.of((firm, car), import_limit_w=8_000), WIDE, Rules())

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
    at_busbar = Book.of(replace(order, node="busbar") for order in book.orders)

    assert clear(at_busbar, single_node(), Rules()).energy_wh == 800
