"""The programme solved by HiGHS directly: dual simplex on a handful of rows.

Every column has an upper bound, so the slack basis is dual feasible once columns of positive worth stand at theirs,
and few pivots lead from there to the optimum. `specification.py` states the same in cvxpy; both must agree.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from market.clearing.programme import Programme, Solution
from market.grid.feeder import Floats


@lru_cache(maxsize=1)
def _solver() -> Any:
    """One silent solver for a process; it keeps nothing from one model to the next."""
    import highspy

    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("presolve", "off")):
        solver.setOptionValue(option, value)
    return solver


def solve(programme: Programme) -> Solution:
    """The optimum of a programme. Raises ArithmeticError if HiGHS finds none."""
    count, limits, equal = len(programme.order), len(programme.room), programme.equal
    rows = np.zeros((equal + limits, count + limits))
    rows[:, :count] = programme.rows
    rows[equal + np.arange(limits), count + np.arange(limits)] = -1.0
    answer = maximise(
        np.concatenate((programme.value, np.full(limits, -programme.scarcity))),
        np.concatenate((programme.upper, np.full(limits, np.inf))),
        rows,
        np.concatenate((np.zeros(equal), np.full(limits, -np.inf))),
        np.concatenate((np.zeros(equal), programme.room)),
        programme.pairs,
        programme.caps,
    )
    return Solution(answer[0][:count], answer[1], answer[0][count:])


def maximise(
    value: Floats,
    upper: Floats,
    rows: Floats,
    low: Floats,
    high: Floats,
    pairs: Any = None,
    caps: Floats | None = None,
) -> tuple[Floats, Floats]:
    """max value·q, low ≤ rows·q ≤ high, 0 ≤ q ≤ upper, each pair of columns within its cap: (q, duals of rows).

    Raises ArithmeticError if there is no optimum.
    """
    import highspy

    at_row, at_column = np.nonzero(rows)
    index, figures = at_column, rows[at_row, at_column]
    lengths = np.bincount(at_row, minlength=len(rows))
    if pairs is not None and len(pairs):
        index = np.concatenate((index, pairs.ravel()))
        figures = np.concatenate((figures, np.ones(pairs.size)))
        lengths = np.concatenate((lengths, np.full(len(pairs), 2)))
        low, high = np.concatenate((low, np.full(len(pairs), -np.inf))), np.concatenate((high, caps))
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    solver = _solver()
    solver.passModel(
        len(value), len(low), len(index), int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMaximize), 0.0,
        value, np.zeros(len(value)), upper, low, high, starts.astype(np.int32), index.astype(np.int32), figures,
        np.zeros(len(value), dtype=np.int32),
    )  # fmt: skip
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise ArithmeticError(f"The solver ended with {solver.modelStatusToString(solver.getModelStatus())}.")
    found = solver.getSolution()
    return np.array(found.col_value), np.array(found.row_dual)[: len(rows)]


def extreme(along: Floats, slopes: Floats, room: Floats) -> float:
    """max along·t with slopes·t ≤ room, t free; inf if nothing holds it."""
    import highspy

    solver = _model(along, np.full(len(along), -np.inf), slopes, room)
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return float(solver.getInfo().objective_function_value)
    if status in {highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        return float("inf")
    raise ArithmeticError(f"The solver ended with {solver.modelStatusToString(status)}.")


def deepest(slopes: Floats, room: Floats) -> Floats:
    """t with slopes·t + depth ≤ room for the largest depth up to one."""
    import highspy

    count = slopes.shape[1]
    lower = np.concatenate((np.full(count, -np.inf), [-np.inf]))
    rows = np.concatenate((slopes, np.ones((len(slopes), 1))), axis=1)
    upper = np.concatenate((np.full(count, np.inf), [1.0]))
    solver = _model(np.concatenate((np.zeros(count), [1.0])), lower, rows, room, upper)
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise ArithmeticError("The prices of a clearing could not be told apart.")
    return np.array(solver.getSolution().col_value)[:count]


def _model(value: Floats, lower: Floats, rows: Floats, high: Floats, upper: Floats | None = None) -> Any:
    """The solver after max value·q, rows·q ≤ high, lower ≤ q ≤ upper."""
    import highspy

    at_row, at_column = np.nonzero(rows)
    starts = np.concatenate(([0], np.cumsum(np.bincount(at_row, minlength=len(rows)))[:-1]))
    solver = _solver()
    solver.passModel(
        len(value), len(rows), len(at_row), int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMaximize), 0.0,
        value, lower, np.full(len(value), np.inf) if upper is None else upper, np.full(len(rows), -np.inf), high,
        starts.astype(np.int32), at_column.astype(np.int32), rows[at_row, at_column],
        np.zeros(len(value), dtype=np.int32),
    )  # fmt: skip
    solver.run()
    return solver
