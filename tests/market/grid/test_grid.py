"""The feeder refuses nonsense, and its linear flow agrees with full AC power flow."""

from pathlib import Path

import numpy as np
import power_grid_model as pgm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from community.demo import neighbourhood
from community.feeder_files import outwards, read_feeder
from market.grid import Feeder, FeederError, Line, Transformer, broken_limits, line_flows_w, voltages_pu
from tests.examples import examples

RURAL = Path(neighbourhood.__file__).with_name("feeder_simbench_rural1.json")


def rural() -> Feeder:
    described = read_feeder(RURAL.read_bytes())
    lines = tuple(
        Line(cable.code, parent, child, cable.r_ohm, cable.x_ohm, cable.limit_a)
        for cable, parent, child in outwards(described.root, described.cables)
    )
    return Feeder(tuple(bus.code for bus in described.buses), described.root, lines)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([Line("l1", "a", "b", 0.1, 0.1), Line("l2", "b", "a", 0.1, 0.1)], "l2 closes a loop at a"),
        ([Line("l1", "a", "b", 0.0, 0.1)], "l1 needs a resistance"),
        ([Line("l1", "a", "x", 0.1, 0.1)], "x, which is not a node"),
        ([Line("l1", "a", "b", 0.1, 0.1)], "Not connected to the transformer: c"),
    ],
)
def test_a_network_that_is_no_tree_is_refused_by_name(lines, says):
    with pytest.raises(FeederError, match=says):
        Feeder(("a", "b", "c"), "a", tuple(lines))


def balanced(drawn: np.ndarray) -> np.ndarray:
    """The same from every phase."""
    return np.repeat(drawn[:, None] / 3, 3, axis=1)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.integers(-4_000, 4_000), min_size=14, max_size=14))
def test_flows_and_voltages_add_up_by_hand(loads):
    feeder, drawn = rural(), np.array(loads, dtype=float)

    flows, volts = line_flows_w(feeder, balanced(drawn)).sum(axis=1), voltages_pu(feeder, balanced(drawn))[:, 1]

    below = {node: float(load) for node, load in zip(feeder.nodes, loads, strict=True)}
    for line in reversed(
        [next(row for row in feeder.lines if feeder.index[row.child] == i) for i in feeder.order[1:]]
    ):
        below[line.parent] += below[line.child]
    for line in feeder.lines:
        assert flows[feeder.index[line.child]] == pytest.approx(below[line.child])
        parent, child = volts[feeder.index[line.parent]], volts[feeder.index[line.child]]
        assert parent**2 - child**2 == pytest.approx(2 * line.r_ohm * below[line.child] / 400**2)


def ac_voltages(feeder: Feeder, drawn: np.ndarray) -> np.ndarray:
    """Per unit voltages of the same network by power-grid-model's Newton-Raphson."""
    count = len(feeder.nodes)
    node = pgm.initialize_array("input", "node", count)
    node["id"], node["u_rated"] = np.arange(count), 400.0
    line = pgm.initialize_array("input", "line", len(feeder.lines))
    line["id"] = 1_000 + np.arange(len(feeder.lines))
    line["from_node"] = [feeder.index[row.parent] for row in feeder.lines]
    line["to_node"] = [feeder.index[row.child] for row in feeder.lines]
    line["from_status"] = line["to_status"] = 1
    line["r1"], line["x1"] = [row.r_ohm for row in feeder.lines], [row.x_ohm for row in feeder.lines]
    line["c1"] = line["tan1"] = 0.0
    source = pgm.initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"], source["u_ref"] = 5_000, feeder.index[feeder.root], 1, 1.0
    load = pgm.initialize_array("input", "sym_load", count)
    load["id"], load["node"], load["status"] = 2_000 + np.arange(count), np.arange(count), 1
    load["type"], load["p_specified"], load["q_specified"] = pgm.LoadGenType.const_power, drawn, 0.0
    model = pgm.PowerGridModel({"node": node, "line": line, "source": source, "sym_load": load})
    return model.calculate_power_flow()["node"]["u_pu"]


@pytest.mark.parametrize("scale", [-6_000.0, 3_000.0, 6_000.0])
def test_the_linear_voltages_are_close_to_ac_power_flow(scale):
    feeder = rural()
    drawn = scale * (1 + 0.3 * np.cos(np.arange(len(feeder.nodes))))

    linear, exact = voltages_pu(feeder, balanced(drawn))[:, 0], ac_voltages(feeder, drawn)

    assert np.max(np.abs(linear - exact)) < 0.004
    assert np.all(linear >= exact - 1e-6), (
        "the linear model is optimistic about under-voltage, never about over-voltage"
    )


def test_broken_limits_name_the_element_and_the_side():
    line = Line("l1", "a", "b", 0.2, 0.1, limit_a=20.0)
    feeder = Feeder(("a", "b"), "a", (line,), Transformer(10_000), v_min_pu=0.985, v_max_pu=1.015)

    taking = {
        (row.element, row.kind)
        for row in broken_limits(feeder, balanced(np.array([0.0, 15_000.0])), 12_000, 12_000)
    }
    giving = {
        (row.element, row.kind)
        for row in broken_limits(feeder, balanced(np.array([0.0, -15_000.0])), 12_000, 12_000)
    }

    both = {("transformer", "transformer"), ("l1", "line")}
    assert taking == both | {("transformer", "import"), ("b", "voltage_low")}
    assert giving == both | {("transformer", "export"), ("b", "voltage_high")}
    assert broken_limits(feeder, np.zeros((2, 3)), 12_000, 12_000) == []
