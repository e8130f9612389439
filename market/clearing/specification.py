"""The programme as cvxpy states it: the readable form, and the second path that must give the same clearing.

Importing cvxpy takes seconds and modelling some milliseconds, so slots are cleared by `simplex.py`; the setting
CLEARING_SOLVER=cvxpy takes this path instead.
"""

import cvxpy as cp
import numpy as np
from scipy import sparse

from market.clearing.programme import Branches, Programme, Solution


def solve(programme: Programme) -> Solution:
    """The optimum of a programme; limits are passed only where they cannot be kept. Raises ArithmeticError if
    there is none.
    """
    found = _solve(programme, soft=False) or _solve(programme, soft=True)
    if found is None:
        raise ArithmeticError("The solver ended without an optimum.")
    return found


def _solve(programme: Programme, *, soft: bool) -> Solution | None:
    ways, branches = programme.ways, programme.branches
    shape = branches.base_kw.shape
    q = cp.Variable(len(ways.order), nonneg=True)
    power, reactive, voltage, power_over, voltage_over = (cp.Variable(shape) for _ in range(5))
    cut_over = cp.Variable(len(branches.cuts), nonneg=True)
    balance = ways.balance @ q == 0
    bounded = np.isfinite(ways.upper)
    constraints = [balance, q[bounded] <= ways.upper[bounded]]
    if len(ways.pairs):
        constraints.append(q[ways.pairs[:, 0]] + q[ways.pairs[:, 1]] <= ways.caps)
    if not soft:
        constraints += [power_over == 0, voltage_over == 0, cut_over == 0]
    constraints += _flows(branches, q, power, reactive)
    constraints += _voltages(branches, power, reactive, voltage)
    ends = _ends(branches, power - power_over, voltage - voltage_over)
    cuts = [
        _cut(branches, row, power, reactive) - cut_over[row] <= limit.most / 1e3
        for row, limit in enumerate(branches.cuts)
    ]
    passed = _kw_over(branches, power_over, voltage_over) + cp.sum(cut_over)
    worth = ways.value @ q - programme.scarcity / programme.kw_per_kwh * passed
    problem = cp.Problem(cp.Maximize(worth), [*constraints, *ends, *cuts])
    try:
        problem.solve(solver=cp.HIGHS, warm_start=False, highs_options={"output_flag": False})
    except cp.SolverError as error:
        raise ArithmeticError(str(error)) from error
    if problem.status != cp.OPTIMAL:
        return None
    return Solution(
        q_kwh=np.atleast_1d(q.value),
        balance_meur=np.atleast_1d(balance.dual_value),
        power_meur=np.isfinite(branches.most_kw) * (ends[0].dual_value - ends[1].dual_value),
        voltage_meur=ends[2].dual_value - ends[3].dual_value,
        cut_meur=np.array([float(np.ravel(cut.dual_value)[0]) for cut in cuts]),
        power_over=power_over.value,
        voltage_over=voltage_over.value,
        cut_over=np.atleast_1d(cut_over.value) if branches.cuts else np.zeros(0),
        soft=soft,
    )


def _ends(branches: Branches, power: cp.Expression, voltage: cp.Expression) -> list[cp.Constraint]:
    """Powers and voltages within their bounds: power above and below, voltage above and below."""
    known = np.isfinite(branches.most_kw)
    most, carried = np.where(known, branches.most_kw, 0.0), cp.multiply(known, power)
    return [carried <= most, -carried <= most, voltage <= branches.high, branches.low <= voltage]


def _kw_over(branches: Branches, power: cp.Expression, voltage: cp.Expression) -> cp.Expression:
    """kW beyond limits; a percent too much counts as the kW at its place that make it."""
    percents = cp.multiply(1 / np.maximum(branches.sensitivity, 1e-12), cp.abs(voltage))
    return cp.sum(cp.abs(power)) + cp.sum(percents)


def _flows(branches: Branches, q: cp.Variable, power: cp.Variable, reactive: cp.Variable) -> list[cp.Constraint]:
    """What flows into a place is what is drawn there and what flows on."""
    phases, places = branches.base_kw.shape
    inner = np.flatnonzero(branches.above >= 0)
    onward = sparse.csr_array((np.ones(len(inner)), (inner, branches.above[inner])), shape=(places, places))
    drawing = branches.at >= 0
    tangents = np.zeros(len(drawing)) if branches.tan_phi is None else branches.tan_phi
    base_kvar = np.zeros((phases, places)) if branches.base_kvar is None else branches.base_kvar
    constraints = []
    for flow, per_kwh, base in (
        (power, branches.per_kwh, branches.base_kw),
        (reactive, branches.per_kwh * tangents, base_kvar),
    ):
        for phase in range(phases):
            entries = per_kwh[phase, drawing], (branches.at[drawing], np.flatnonzero(drawing))
            drawn = sparse.csr_array(entries, shape=(places, len(drawing))) @ q + base[phase]
            constraints.append(flow[phase] == drawn + onward.T @ flow[phase])
    return constraints


def _voltages(
    branches: Branches, power: cp.Variable, reactive: cp.Variable, voltage: cp.Variable
) -> list[cp.Constraint]:
    """Voltage falls along each line by what the powers of all phases there induce."""
    phases, places = branches.base_kw.shape
    inner = np.flatnonzero(branches.above >= 0)
    before = sparse.csr_array((np.ones(len(inner)), (inner, branches.above[inner])), shape=(places, places))
    source = np.where(branches.above < 0, branches.source, 0.0)
    constraints = []
    for phase in range(phases):
        falls = [
            cp.multiply(branches.drop_p[phase, other], power[other])
            + cp.multiply(branches.drop_q[phase, other], reactive[other])
            for other in range(phases)
        ]
        constraints.append(voltage[phase] == before @ voltage[phase] + source - sum(falls))
    return constraints


def _cut(branches: Branches, row: int, power: cp.Variable, reactive: cp.Variable) -> cp.Expression:
    limit = branches.cuts[row]
    if limit.kind in {"import", "export"}:
        return limit.side * cp.sum(power[:, 0])
    at = int(np.searchsorted(branches.places, limit.place))
    return limit.direction[0] * power[limit.column, at] + limit.direction[1] * reactive[limit.column, at]
