"""What must hold of every clearing on any street: random trees, phases, limits and bands."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from market.clearing import Book, Clearing, Kind, Rules, Side, clear, specification, verify
from market.clearing.book import Fees
from market.clearing.evenly import evenly
from market.grid import Feeder
from tests.examples import examples
from tests.market.clearing.books import with_orders
from tests.market.clearing.full_programme import NothingFits, solve, welfare_neur
from tests.market.clearing.seeded import slot_of
from tests.market.clearing.streets import books_on, streets

slow = settings(max_examples=examples(40))


@st.composite
def slots(draw: st.DrawFn) -> tuple[Book, Feeder]:
    feeder = draw(streets())
    return draw(books_on(feeder)), feeder


def by_order(book: Book, clearing: Clearing):
    fills = {fill.order_id: fill for fill in clearing.fills}
    return [(order, fills[order.id]) for order in book.orders]


def flows_and_voltages(book: Book, feeder: Feeder, clearing: Clearing):
    """W into each node and squared voltages, phase by phase, walked from the leaves up and the root down."""
    into = {line.child: line for line in feeder.lines}
    flows = {node: np.full(3, book.base_w.get(node, 0) / 3) for node in feeder.nodes}
    for order, fill in by_order(book, clearing):
        sign = 60 / book.slot_minutes / len(order.phase) * (1 if order.side is Side.BUY else -1)
        for phase in order.phase:
            flows[order.node]["abc".index(phase)] += sign * (fill.local_wh + fill.retailer_wh)
    nodes = list(feeder.nodes)  # the generator names parents before their children
    for node in reversed(nodes):
        if node in into:
            flows[into[node].parent] = flows[into[node].parent] + flows[node]
    turn, squared = np.exp(-2j * np.pi / 3 * np.arange(3)), {}
    for node in nodes:
        line = into.get(node)
        one = line.positive_ohm if line else complex(feeder.transformer.r_ohm, feeder.transformer.x_ohm)
        zero = line.zero_ohm if line else one
        ohms = np.where(np.eye(3), (zero + 2 * one) / 3, (zero - one) / 3)
        fall = 2 * (np.outer(turn, 1 / turn) * np.conj(ohms)).real @ flows[node] * 3 / feeder.nominal_v**2
        squared[node] = (squared[line.parent] if line else np.full(3, feeder.slack_pu**2)) - fall
    return flows, squared


@slow
@given(slots())
def test_the_independent_verifier_finds_nothing(slot):
    book, feeder = slot

    assert verify(book, feeder, clear(book, feeder, Rules())) == []


@slow
@given(slots())
def test_what_neighbours_buy_is_what_neighbours_sell_and_nobody_gets_more_than_asked(slot):
    book, feeder = slot

    rows = by_order(book, clear(book, feeder, Rules()))

    assert len(rows) == len(book.orders)
    sides = [sum(fill.local_wh for order, fill in rows if order.side is side) for side in Side]
    assert sides[0] == sides[1]
    for order, fill in rows:
        assert fill.local_wh >= 0
        assert fill.retailer_wh >= 0
        assert fill.local_wh + fill.retailer_wh <= order.energy_wh
        if order.kind is Kind.FIRM and order.side is Side.BUY:
            assert fill.local_wh + fill.retailer_wh == order.energy_wh


@slow
@given(slots())
def test_every_limit_of_the_street_is_kept(slot):
    book, feeder = slot

    clearing = clear(book, feeder, Rules())

    assume(not clearing.emergency)
    flows, squared = flows_and_voltages(book, feeder, clearing)
    root, rounding_w = flows[feeder.root], 4 * len(book.orders)
    for limit_w, total in ((book.import_limit_w, root.sum()), (book.export_limit_w, -root.sum())):
        assert limit_w is None or total <= limit_w * 1.001 + rounding_w
    if feeder.transformer.s_va is not None:
        assert np.abs(root).max() <= feeder.transformer.s_va / 3 * 1.001 + rounding_w
    for line in feeder.lines:
        if line.limit_a is not None:
            most_w = line.limit_a * feeder.nominal_v / 3**0.5
            assert np.abs(flows[line.child]).max() <= most_w * 1.001 + rounding_w
    for values in squared.values():
        assert feeder.v_min_pu**2 - 1e-3 <= values.min()
        assert values.max() <= feeder.v_max_pu**2 + 1e-3


@slow
@given(slots())
def test_what_buyers_pay_is_what_sellers_and_the_grid_receive(slot):
    book, feeder = slot
    fee = book.grid_fee_ueur_kwh

    clearing = clear(book, feeder, Rules())

    rows = [(order, fill) for order, fill in by_order(book, clearing) if fill.local_wh]
    assert (clearing.price_ueur_kwh is None) == (not rows)
    paid = sum(fill.price_ueur_kwh * fill.local_wh for order, fill in rows if order.side is Side.BUY)
    received = sum((fill.price_ueur_kwh - fee) * fill.local_wh for order, fill in rows if order.side is Side.SELL)
    assert paid - received == fee * clearing.energy_wh + clearing.rent_neur
    assert clearing.rent_neur >= 0
    assert clearing.compensated or {fill.price_ueur_kwh for _, fill in rows} <= {clearing.price_ueur_kwh}
    for order, fill in rows:
        if order.side is Side.BUY:
            assert fill.price_ueur_kwh <= min(order.limit_ueur_kwh, order.retailer_ueur_kwh)
        else:
            assert fill.price_ueur_kwh - fee >= max(order.limit_ueur_kwh, order.retailer_ueur_kwh)


@slow
@given(slots(), st.randoms())
def test_neither_the_order_of_rows_nor_chance_changes_anything(slot, random):
    book, feeder = slot
    shuffled = list(book.orders)
    random.shuffle(shuffled)

    again = clear(with_orders(book, shuffled), feeder, Rules())

    assert again == clear(book, feeder, Rules())


def rounding_neur(book: Book, clearing: Clearing) -> float:
    """What whole Wh may cost: one Wh of each order at the highest prices, its own and those of all full limits."""
    prices = [max(abs(order.limit_ueur_kwh), order.retailer_ueur_kwh) for order in book.orders]
    limits = sum(row.exact_ueur_kwh for row in clearing.bindings) + sum(book.fees.steps)
    return sum(prices) + limits * len(prices) + 1_000


BLOCK = 48
NEAR_FEES = Fees(2_000, 6_000, 9_000)


@pytest.mark.parametrize("block", range(12))
@pytest.mark.parametrize(("rule", "fees"), [("locational", None), ("supply_demand_ratio", NEAR_FEES)])
def test_the_clearing_is_worth_what_the_full_programme_is_worth(rule, fees, block):
    """Some 770 streets: the same welfare, inside the bounds that AC power flow moved if it moved any.

    Only for one price's sake may it be less, and there is an emergency exactly where nothing fits.
    """
    first = 2 * BLOCK * block + (0 if fees is None else BLOCK)
    for seed in range(first, first + BLOCK // (1 if fees is None else 3)):
        book, feeder = slot_of(seed, fees)

        clearing = clear(book, feeder, Rules(rule))

        assert verify(book, feeder, clearing) == [], seed
        try:
            best = solve(book, feeder, clearing.moved)
        except NothingFits:
            assert clearing.emergency, seed
            continue
        assert not clearing.emergency, seed
        assert welfare_neur(book, feeder, clearing) == clearing.welfare_neur, seed
        missed_neur = best.welfare_neur - clearing.welfare_neur
        # Limits may be used to a thousandth more than they are, so that rounding to whole Wh breaks none.
        assert missed_neur >= -rounding_neur(book, clearing) - 2e-3 * sum(best.rent_neur.values()), seed
        if clearing.forced_ueur_kwh is None:
            assert missed_neur <= rounding_neur(book, clearing), seed


def test_energy_that_has_to_relieve_a_limit_does_so_when_it_is_shared():
    """What is decided passes two voltages here, and only some of the orders that are left can lower them."""
    book, feeder = slot_of(768, NEAR_FEES)

    clearing = clear(book, feeder, Rules())

    assert not clearing.emergency
    assert clearing.reclears <= 1
    assert verify(book, feeder, clearing) == []


def test_sharing_evenly_keeps_a_limit_that_is_passed_without_it():
    rows, loose = np.array([[1.0, 1.0]]), np.array([[-1.0, 0.0]])

    parts = evenly(
        np.array([2.0, 2.0]),
        (rows, np.array([2.0])),
        (loose, np.array([-1.5])),
        (np.zeros((0, 2), dtype=int), np.zeros(0), np.zeros(0)),
    )

    assert parts == pytest.approx([1.5, 0.5], abs=1e-5)


@pytest.mark.parametrize("block", range(5))
def test_two_solver_paths_give_the_same_bytes_on_any_street(block):
    for seed in range(10_000 + 20 * block, 10_020 + 20 * block):
        book, feeder = slot_of(seed, NEAR_FEES if seed % 4 == 0 else None)
        rules = Rules(price="equilibrium_midpoint" if seed % 2 else "locational")

        direct, modelled = clear(book, feeder, rules), clear(book, feeder, rules, specification.solve)

        assert repr(direct.published) == repr(modelled.published), seed


@slow
@given(slots())
def test_where_nothing_binds_the_clearing_is_the_optimum_of_the_full_programme(slot):
    book, feeder = slot
    clearing = clear(book, feeder, Rules())
    assume(not clearing.bindings and not clearing.reclears)

    try:
        best = solve(book, feeder)
    except NothingFits:
        assert clearing.emergency, "firm energy alone breaks a limit, and the market has to say so"
        return

    assert welfare_neur(book, feeder, clearing) == pytest.approx(best.welfare_neur, rel=1e-9, abs=1)
