"""The own AC sweep agrees with power-grid-model on random trees, phase by phase, and says when there is no answer."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.newton import States
from market.clearing import Book, Kind, Order, Rules, Side, clear, verify
from market.grid import SHARES, Feeder, Line, Transformer, VoltageCollapse, ac_flow, line_flows_w, voltages_pu
from tests.examples import examples

CASES = Path(__file__).parents[1] / "clearing" / "cases" / "grid_cases.json"


@st.composite
def feeders(draw: st.DrawFn) -> Feeder:
    """A random tree of up to 30 nodes behind a transformer with impedance."""
    count = draw(st.integers(1, 30))
    nodes = tuple(f"n{i}" for i in range(count))
    lines = tuple(
        Line(f"l{i}", nodes[draw(st.integers(0, i - 1))], nodes[i], draw(st.floats(0.005, 0.1)), draw(st.floats(0.001, 0.05)))
        for i in range(1, count)
    )  # fmt: skip
    transformer = Transformer(250_000, draw(st.floats(0.001, 0.02)), draw(st.floats(0.005, 0.05)))
    return Feeder(nodes, "n0", lines, transformer, slack_pu=draw(st.floats(0.97, 1.05)))


@settings(max_examples=examples(120), deadline=None)
@given(feeders(), st.data())
def test_the_sweep_agrees_with_newton_raphson_in_every_phase(feeder, data):
    size = 3 * len(feeder.nodes)
    powers = st.lists(st.integers(-1_000, 1_000), min_size=size, max_size=size)
    drawn_w, drawn_var = (np.array(data.draw(powers), dtype=float).reshape(-1, 3) for _ in range(2))

    found = ac_flow(feeder, drawn_w, drawn_var / 3)

    exact = States(feeder, drawn_w[None], drawn_var[None] / 3)
    assert found.voltages_pu == pytest.approx(exact.voltages_pu[0], abs=1e-7)
    root = feeder.index[feeder.root]
    into = [node for node in range(len(feeder.nodes)) if node != root]
    assert found.currents_a[into] == pytest.approx(exact.currents_a[0][into], abs=1e-4)
    assert found.transformer_va == pytest.approx(exact.transformer_va[0], abs=0.1)
    assert found.loss_w == pytest.approx(exact.loss_w[0], abs=0.05)


def chain(count=20):
    nodes = tuple(f"n{i}" for i in range(count))
    lines = tuple(Line(f"l{i}", nodes[i - 1], nodes[i], 0.01, 0.004) for i in range(1, count))
    return Feeder(nodes, "n0", lines)


@pytest.mark.parametrize("scale", [-500.0, 500.0])
def test_the_linear_flow_errs_by_a_third_of_a_percent_at_most_where_homes_are_in_their_band(scale):
    feeder = chain()
    drawn = np.full((20, 3), scale)

    exact, linear = ac_flow(feeder, drawn).voltages_pu, voltages_pu(feeder, drawn)

    assert np.max(np.abs(exact - linear)) < 0.0033
    assert np.all(linear >= exact)


def test_homes_on_one_phase_are_seen_where_a_balanced_model_is_far_off():
    feeder = chain()
    drawn = np.zeros((20, 3))
    drawn[10:, 0] = 500.0  # every second home of the street's end hangs on phase a
    drawn[:10, 1] = 700.0

    exact, linear = ac_flow(feeder, drawn).voltages_pu, voltages_pu(feeder, drawn)
    as_if_balanced = voltages_pu(feeder, np.repeat(drawn.mean(axis=1)[:, None], 3, axis=1))

    assert np.max(np.abs(exact - linear)) < 0.003
    assert np.max(np.abs(exact - as_if_balanced)) > 6 * np.max(np.abs(exact - linear))


@settings(max_examples=examples(50), deadline=None)
@given(feeders(), st.data())
def test_balanced_withdrawals_are_the_special_case(feeder, data):
    size = len(feeder.nodes)
    drawn = np.array(data.draw(st.lists(st.integers(-3_000, 3_000), min_size=size, max_size=size)), dtype=float)
    spread = drawn[:, None] * SHARES["abc"]

    flows, volts = line_flows_w(feeder, spread), voltages_pu(feeder, spread)

    assert flows[feeder.index[feeder.root]].sum() == pytest.approx(drawn.sum(), abs=1e-6)
    assert np.ptp(volts, axis=1) == pytest.approx(0.0, abs=1e-12)


def test_a_load_that_no_voltage_carries_is_named():
    feeder = Feeder(("a", "b"), "a", (Line("l", "a", "b", 2.0, 1.0),))

    with pytest.raises(VoltageCollapse):
        ac_flow(feeder, np.array([[0.0] * 3, [20_000.0] * 3]))


def solar(phase, energy_wh, node="1"):
    return Order(1, 1, node, phase, Side.SELL, Kind.FIRM, energy_wh, 10_000, 50_000)


def test_panels_on_one_phase_are_held_back_where_three_would_not_be():
    case = json.loads(CASES.read_text())["three_phase"][0]
    r_ohm, x_ohm = case["inputs"]["z_self"]
    line = Line("l", "0", "1", r_ohm, x_ohm, r0_ohm=r_ohm, x0_ohm=x_ohm)
    feeder = Feeder(("0", "1"), "0", (line,), v_max_pu=case["inputs"]["vmax"])
    energy_wh = round(case["inputs"]["pv_kw"][0] * 250)

    (one,) = clear(Book.of((solar("a", energy_wh),)), feeder, Rules()).fills
    (three,) = clear(Book.of((solar("abc", energy_wh),)), feeder, Rules()).fills

    assert one.flow_wh * 4 / 1_000 == pytest.approx(case["expected"]["s_kw"][0], abs=0.1)
    assert three.curtailed_wh == 0


def test_a_full_phase_leaves_the_others_free():
    line = Line("l", "0", "1", 0.05, 0.02, limit_a=20.0)
    feeder = Feeder(("0", "1"), "0", (line,))
    orders = tuple(
        Order(i, i, "1", phase, Side.BUY, Kind.FLEXIBLE, 2_000, 98_000, 98_000)
        for i, phase in enumerate("ab" * 2 + "c")
    )
    book = Book.of(orders)

    clearing = clear(book, feeder, Rules())

    flows = {orders[fill.order_id].phase: 0 for fill in clearing.fills}
    for fill in clearing.fills:
        flows[orders[fill.order_id].phase] += fill.flow_wh
    # 20 A at 231 V for a quarter of an hour
    assert flows["a"] == pytest.approx(1_155, rel=0.02)
    assert flows["c"] == pytest.approx(1_155, rel=0.02)
    assert verify(book, feeder, clearing) == []
