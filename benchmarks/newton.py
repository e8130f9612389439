"""A second opinion on the AC state of a street: power-grid-model's Newton-Raphson, many slots at once."""

import numpy as np
import power_grid_model as pgm

from market.grid import Feeder

Floats = np.ndarray


class States:
    """AC states of a feeder in many slots: `voltages_pu[slot, node, phase]`, `currents_a` of the line into each
    node, `transformer_va[slot, phase]` at the transformer's low-voltage side."""

    def __init__(self, feeder: Feeder, drawn_w: Floats, drawn_var: Floats | None = None) -> None:
        """`drawn_w[slot, node, phase]` and as many var (none: power factor one), consumption positive."""
        answer = _model(feeder).calculate_power_flow(
            update_data={"asym_load": _loads(drawn_w, drawn_var)},
            symmetric=False,
            error_tolerance=1e-9,
            max_iterations=50,
        )
        into = [feeder.index[line.child] for line in feeder.lines]
        self.voltages_pu = answer["node"]["u_pu"][:, :-1]
        self.currents_a = np.zeros_like(self.voltages_pu)
        self.currents_a[:, into] = answer["line"]["i_to"][:, :-1]
        self.transformer_va = answer["line"]["s_to"][:, -1]
        self.loss_w = np.sum(answer["line"]["p_from"] + answer["line"]["p_to"], axis=(1, 2))


def _model(feeder: Feeder) -> pgm.PowerGridModel:
    """The feeder without load; its transformer is a line from a stiff source."""
    count, ways = len(feeder.nodes), len(feeder.lines) + 1
    node = pgm.initialize_array("input", "node", count + 1)
    node["id"], node["u_rated"] = np.arange(count + 1), feeder.nominal_v
    line = pgm.initialize_array("input", "line", ways)
    line["id"] = 10_000 + np.arange(ways)
    line["from_node"] = [feeder.index[row.parent] for row in feeder.lines] + [count]
    line["to_node"] = [feeder.index[row.child] for row in feeder.lines] + [feeder.index[feeder.root]]
    line["from_status"] = line["to_status"] = 1
    transformer = complex(feeder.transformer.r_ohm, feeder.transformer.x_ohm)
    one = np.array([row.positive_ohm for row in feeder.lines] + [transformer])
    zero = np.array([row.zero_ohm for row in feeder.lines] + [transformer])
    line["r1"], line["x1"], line["r0"], line["x0"] = one.real, one.imag, zero.real, zero.imag
    line["c1"] = line["tan1"] = line["c0"] = line["tan0"] = 0.0
    source = pgm.initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"], source["u_ref"] = 50_000, count, 1, feeder.slack_pu
    source["sk"], source["z01_ratio"] = 1e20, 1.0
    load = pgm.initialize_array("input", "asym_load", count)
    load["id"], load["node"], load["status"] = 20_000 + np.arange(count), np.arange(count), 1
    load["type"], load["p_specified"], load["q_specified"] = pgm.LoadGenType.const_power, 0.0, 0.0
    return pgm.PowerGridModel({"node": node, "line": line, "source": source, "asym_load": load})


def _loads(drawn_w: Floats, drawn_var: Floats | None) -> Floats:
    loads = pgm.initialize_array("update", "asym_load", drawn_w.shape[:2])
    loads["id"] = 20_000 + np.arange(drawn_w.shape[1])
    loads["p_specified"], loads["q_specified"] = drawn_w, 0.0 if drawn_var is None else drawn_var
    return loads
