"""What AC power flow finds broken is cleared again, once, and then kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.clearing import Book, Kind, Order, Rules, Side, clear, verify
from market.clearing.wires import wires
from market.grid import Feeder, Line, Transformer, ac_flow
from tests.examples import examples
from tests.market.clearing.books import FEED_INS, IMPORTS


def cable(limit_a=None, v_min_pu=0.9, v_max_pu=1.1, s_va=None):
    """Twelve nodes in a row: the linear flow errs most where many loads lie far out."""
    nodes = tuple(f"n{i}" for i in range(12))
    lines = tuple(Line(f"l{i}", nodes[i - 1], nodes[i], 0.02, 0.008, limit_a) for i in range(1, 12))
    return Feeder(nodes, "n0", lines, Transformer(s_va, 0.012, 0.04), v_min_pu=v_min_pu, v_max_pu=v_max_pu)


def charging(feeder, energy_wh, side=Side.BUY):
    """Cars at every node that would charge from their retailers at night, or batteries that would give."""
    price = IMPORTS[0] if side is Side.BUY else FEED_INS[0]
    return Book.of(
        tuple(
            Order(i, i, node, "abc", side, Kind.FLEXIBLE, energy_wh, price, price)
            for i, node in enumerate(feeder.nodes)
        )
    )


def state(book, feeder, clearing):
    on = wires(book, feeder)
    drawn, _ = on.drawn(clearing.flow_wh)
    by_node = np.empty((len(feeder.nodes), 3))
    by_node[feeder.tree.order] = drawn.T if len(drawn) == 3 else drawn.T / 3
    return ac_flow(feeder, by_node)


def test_a_voltage_that_only_ac_sees_too_low_is_lifted():
    feeder = cable(v_min_pu=0.9)
    book = charging(feeder, 2_500)

    clearing = clear(book, feeder, Rules())

    assert clearing.reclears >= 1
    assert state(book, feeder, clearing).voltages_pu.min() == pytest.approx(0.9, abs=3e-4)
    assert verify(book, feeder, clearing) == []


def test_a_current_that_only_ac_sees_too_large_is_brought_down():
    feeder = cable(limit_a=100.0, v_min_pu=0.8)
    book = charging(feeder, 2_500)

    clearing = clear(book, feeder, Rules())

    assert clearing.reclears >= 1
    assert state(book, feeder, clearing).currents_a[1:].max() == pytest.approx(100.0, rel=3e-3)
    assert verify(book, feeder, clearing) == []


def test_where_the_linear_flow_is_on_the_safe_side_nothing_is_redone():
    feeder = cable(v_max_pu=1.05)
    book = charging(feeder, 2_500, Side.SELL)

    clearing = clear(book, feeder, Rules())

    assert clearing.bindings
    assert clearing.reclears == 0
    assert state(book, feeder, clearing).voltages_pu.max() <= 1.05


@settings(max_examples=examples(60))
@given(st.data())
def test_no_clearing_breaks_a_limit_under_ac_unless_it_says_so(data):
    feeder = cable(
        limit_a=data.draw(st.sampled_from([None, 60.0, 150.0])),
        v_min_pu=data.draw(st.sampled_from([0.9, 0.95])),
        v_max_pu=data.draw(st.sampled_from([1.03, 1.1])),
        s_va=data.draw(st.sampled_from([None, 60_000.0])),
    )
    orders = []
    for i in range(data.draw(st.integers(1, 16))):
        side = data.draw(st.sampled_from(Side))
        retailer = data.draw(st.sampled_from(IMPORTS if side is Side.BUY else FEED_INS))
        orders.append(
            Order(
                i,
                i,
                data.draw(st.sampled_from(feeder.nodes)),
                data.draw(st.sampled_from(["abc", "a", "b", "c"])),
                side,
                data.draw(st.sampled_from(Kind)),
                data.draw(st.integers(500, 6_000)),
                data.draw(st.one_of(st.just(retailer), st.integers(20_000, 260_000))),
                retailer,
            )
        )
    book = Book.of(tuple(orders))

    clearing = clear(book, feeder, Rules())

    assert verify(book, feeder, clearing) == []
    if not clearing.emergency:
        exact = state(book, feeder, clearing)
        assert np.all(exact.currents_a <= feeder.line_limits_a[:, None] * 1.005)
        assert exact.voltages_pu.min() >= feeder.v_min_pu - 1e-3
        assert exact.voltages_pu.max() <= feeder.v_max_pu + 1e-3
