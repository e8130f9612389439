"""The programme as cvxpy states it: the readable form, and the second path that must give the same clearing.

Importing cvxpy takes seconds and modelling some milliseconds, so slots are cleared by `simplex.py`; the setting
CLEARING_SOLVER=cvxpy takes this path instead.
"""

import cvxpy as cp
import numpy as np

from market.clearing.programme import Programme, Solution


def solve(programme: Programme) -> Solution:
    """The optimum of a programme. Raises ArithmeticError if HiGHS finds none."""
    equal = programme.equal
    q = cp.Variable(len(programme.order), nonneg=True)
    broken = cp.Variable(len(programme.room), nonneg=True)
    balance = programme.rows[:equal] @ q == 0
    network = programme.rows[equal:] @ q - broken <= programme.room
    bounded = np.isfinite(programme.upper)
    constraints = [balance, network, q[bounded] <= programme.upper[bounded]]
    if len(programme.pairs):
        constraints.append(q[programme.pairs[:, 0]] + q[programme.pairs[:, 1]] <= programme.caps)
    problem = cp.Problem(cp.Maximize(programme.value @ q - programme.scarcity * cp.sum(broken)), constraints)
    try:
        problem.solve(solver=cp.HIGHS, warm_start=False, highs_options={"output_flag": False})
    except cp.SolverError as error:
        raise ArithmeticError(str(error)) from error
    if problem.status != cp.OPTIMAL:
        raise ArithmeticError(f"The solver ended with {problem.status}.")
    duals = np.concatenate((np.atleast_1d(balance.dual_value), np.atleast_1d(network.dual_value)))
    return Solution(np.atleast_1d(q.value), duals, np.atleast_1d(broken.value))
