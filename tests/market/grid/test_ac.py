"""The own AC sweep agrees with power-grid-model on random trees, and says so when there is no solution."""

import numpy as np
import power_grid_model as pgm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.grid import Feeder, Line, Transformer, VoltageCollapse, ac_flow, voltages_pu


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


def reference(feeder, drawn_w, drawn_var):
    """The same network by Newton-Raphson: the transformer is a line from a stiff source."""
    count = len(feeder.nodes)
    node = pgm.initialize_array("input", "node", count + 1)
    node["id"], node["u_rated"] = np.arange(count + 1), feeder.nominal_v
    line = pgm.initialize_array("input", "line", len(feeder.lines) + 1)
    line["id"] = 1_000 + np.arange(len(feeder.lines) + 1)
    line["from_node"] = [feeder.index[row.parent] for row in feeder.lines] + [count]
    line["to_node"] = [feeder.index[row.child] for row in feeder.lines] + [feeder.index[feeder.root]]
    line["from_status"] = line["to_status"] = 1
    line["r1"] = [row.r_ohm for row in feeder.lines] + [feeder.transformer.r_ohm]
    line["x1"] = [row.x_ohm for row in feeder.lines] + [feeder.transformer.x_ohm]
    line["c1"] = line["tan1"] = 0.0
    source = pgm.initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"], source["u_ref"] = 5_000, count, 1, feeder.slack_pu
    source["sk"] = 1e20
    load = pgm.initialize_array("input", "sym_load", count)
    load["id"], load["node"], load["status"] = 2_000 + np.arange(count), np.arange(count), 1
    load["type"], load["p_specified"], load["q_specified"] = pgm.LoadGenType.const_power, drawn_w, drawn_var
    model = pgm.PowerGridModel({"node": node, "line": line, "source": source, "sym_load": load})
    return model.calculate_power_flow(error_tolerance=1e-10, max_iterations=50)


@settings(max_examples=150, deadline=None)
@given(feeders(), st.data())
def test_the_sweep_agrees_with_newton_raphson(feeder, data):
    powers = st.lists(st.integers(-3_000, 3_000), min_size=len(feeder.nodes), max_size=len(feeder.nodes))
    drawn_w, drawn_var = (np.array(data.draw(powers), dtype=float) for _ in range(2))

    found = ac_flow(feeder, drawn_w, drawn_var / 3)

    exact = reference(feeder, drawn_w, drawn_var / 3)
    assert found.voltages_pu == pytest.approx(exact["node"]["u_pu"][:-1], abs=1e-7)
    into = [feeder.index[row.child] for row in feeder.lines] + [feeder.index[feeder.root]]
    assert found.currents_a[into] == pytest.approx(exact["line"]["i_to"], abs=1e-4)
    assert found.transformer_va == pytest.approx(exact["line"]["s_to"][-1], abs=0.1)
    losses = np.sum(exact["line"]["p_from"] + exact["line"]["p_to"])
    assert found.loss_w == pytest.approx(losses, abs=0.05)


def test_the_linear_flow_errs_by_a_third_of_a_percent_at_most_where_homes_are_in_their_band():
    nodes = tuple(f"n{i}" for i in range(20))
    lines = tuple(Line(f"l{i}", nodes[i - 1], nodes[i], 0.01, 0.004) for i in range(1, 20))
    feeder = Feeder(nodes, "n0", lines)
    for scale in (-1_500.0, 1_500.0):
        drawn = np.full(20, scale)
        exact, linear = ac_flow(feeder, drawn).voltages_pu, voltages_pu(feeder, drawn)
        assert np.max(np.abs(exact - linear)) < 0.0033
        assert np.all(linear >= exact)


def test_a_load_that_no_voltage_carries_is_named():
    feeder = Feeder(("a", "b"), "a", (Line("l", "a", "b", 2.0, 1.0),))

    with pytest.raises(VoltageCollapse):
        ac_flow(feeder, np.array([0.0, 60_000.0]))
