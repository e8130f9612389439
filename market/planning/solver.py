"""HiGHS with a day's programme in it, to which rows are added while it keeps its basis.

Measured on 50 and 200 homes (docs/performance.md): presolve costs more than it saves here, the dual simplex with
steepest edges beats Devex, Dantzig, the primal simplex and the interior point method.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import highspy
import numpy as np

from market.grid.feeder import Floats, Ints
from market.planning.programme import Programme


class Row(NamedTuple):
    """values·x[columns] ≤ upper; `broken_ct` is what a kWh beyond it costs (0: it must hold). `key` names it."""

    key: Hashable
    columns: Ints
    values: Floats
    upper: float
    broken_ct: float


class Solver:
    """One day's programme; `x` and `duals` are of the last `run`."""

    def __init__(self, given: Programme) -> None:
        self._highs = highspy.Highs()
        for option, value in (("output_flag", False), ("solver", "simplex"), ("presolve", "off")):
            self._highs.setOptionValue(option, value)
        self._highs.passModel(_model(given))
        self.width, self.height = len(given.columns.role), len(given.row_lower)
        self.added: dict[Hashable, Row] = {}
        self.runs = self.iterations = 0
        self.x, self.duals = np.zeros(self.width), np.zeros(self.height)

    def run(self) -> None:
        """Solve from where the last run ended. Raises ArithmeticError if HiGHS finds no optimum."""
        if not self.width:  # nobody, so nothing to decide
            return
        self._highs.run()
        status = self._highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise ArithmeticError(f"The solver ended with {self._highs.modelStatusToString(status)}.")
        solution = self._highs.getSolution()
        self.x, self.duals = np.array(solution.col_value), np.array(solution.row_dual)
        self.runs += 1
        self.iterations += self._highs.getInfo().simplex_iteration_count

    def add(self, rows: Sequence[Row]) -> None:
        """Rows for the next run, a column for each that says by how much it stays broken."""
        count, first = len(rows), self._highs.getNumCol()
        soft = np.array([row.broken_ct for row in rows])
        none = np.zeros(0, dtype=np.int32)
        most = np.where(soft > 0, np.inf, 0.0)
        self._highs.addCols(count, soft, np.zeros(count), most, 0, np.zeros(count, dtype=np.int32), none, none)
        lengths = np.array([len(row.columns) + 1 for row in rows])
        columns = np.concatenate([part for i, row in enumerate(rows) for part in (row.columns, [first + i])])
        values = np.concatenate([part for row in rows for part in (row.values, [-1.0])])
        starts = np.cumsum(lengths) - lengths
        self._highs.addRows(
            count, np.full(count, -np.inf), np.array([row.upper for row in rows]),
            len(columns), starts.astype(np.int32), columns.astype(np.int32), values,
        )  # fmt: skip
        self.added |= {row.key: row for row in rows}

    @property
    def added_duals(self) -> Floats:
        """What one kWh more in each added row would save, cents (never negative)."""
        return np.maximum(-self.duals[self.height :], 0.0)

    @property
    def added_broken(self) -> Floats:
        """By how much each added row stays broken, kWh."""
        return self.x[self.width :]


def _model(given: Programme) -> highspy.HighsLp:
    cols, matrix = given.columns, given.matrix
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_, model.col_lower_, model.col_upper_ = cols.cost, cols.lower, cols.upper
    model.row_lower_, model.row_upper_ = given.row_lower, given.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    return model
