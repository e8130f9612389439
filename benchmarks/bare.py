"""The whole slot as HiGHS takes it: the leanest full linear programme, and its solution from cold.

Columns are what orders match and leave to their retailers, and the flow and squared voltage of every place and
phase; two sparse rows a place and phase. Limits are bounds. The matrix is built beforehand: only `passModel`
and `run` count.
"""

from dataclasses import dataclass, field

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array

from market.clearing import Book
from market.grid import Feeder, Network, network_of

SHARES = np.array([[1 / 3, 1, 0, 0], [1 / 3, 0, 1, 0], [1 / 3, 0, 0, 1]])
INFINITE = highspy.kHighsInf


@dataclass
class Cells:
    """A sparse matrix while it is written."""

    rows: list[np.ndarray] = field(default_factory=list)
    columns: list[np.ndarray] = field(default_factory=list)
    figures: list[np.ndarray] = field(default_factory=list)

    def put(self, row: np.ndarray, column: np.ndarray, figure: np.ndarray | float) -> None:
        self.rows.append(row)
        self.columns.append(column)
        self.figures.append(np.broadcast_to(figure, row.shape))

    def matrix(self, height: int, width: int) -> csr_array:
        cells = np.concatenate(self.figures), (np.concatenate(self.rows), np.concatenate(self.columns))
        return coo_array(cells, (height, width)).tocsr()


def full(book: Book, feeder: Feeder) -> tuple[highspy.HighsLp, float]:
    """The programme, and the constant that its optimum lacks of the welfare (m€)."""
    network = network_of(feeder, balanced=not book.phase.any())
    firm_buys, n = book.firm & book.buys, len(book)
    matched, served = _worth(book)
    two = np.flatnonzero((book.firm | (served >= 0)) & ~firm_buys)
    energy, size = book.energy_wh / 1e3, network.columns * len(network.end)
    x, y, p = np.arange(n), n + np.arange(len(two)), n + len(two)
    cells = Cells()
    cells.put(np.zeros(n, dtype=int), x, book.sign)
    fixed, start = _street(cells, network, book, feeder.places[book.node], (two, y, p))
    pairs = 1 + 2 * size + np.arange(len(two))
    cells.put(pairs, x[two], 1.0)
    cells.put(pairs, y, 1.0)
    every = p + len(network.end) * np.arange(network.columns)
    cells.put(np.full(network.columns, 1 + 2 * size + len(two)), every, 1.0)
    most = network.most_w.ravel() / 1e3
    low, high = 50 * (feeder.v_min_pu**2 - 1), 50 * (feeder.v_max_pu**2 - 1)
    equal = np.concatenate(([0.0], fixed, start))
    imported = INFINITE if book.import_limit_w is None else book.import_limit_w / 1e3
    lp = _model(
        cells.matrix(2 + 2 * size + len(two), p + 2 * size),
        -np.concatenate((matched, served[two], np.zeros(2 * size))),
        np.concatenate((np.zeros(n + len(two)), -most, np.full(size, low))),
        np.concatenate((energy, energy[two], most, np.full(size, high))),
        np.concatenate((equal, np.full(len(two) + 1, -INFINITE))),
        np.concatenate((equal, energy[two], [imported])),
    )
    lost = (book.retailer_ueur_kwh / 1e3 * energy)[book.firm & ~book.buys].sum()
    return lp, float(lost)


def _worth(book: Book) -> tuple[np.ndarray, np.ndarray]:
    """m€ of a kWh matched, and of one with the retailer."""
    limit, retailer = book.limit_ueur_kwh / 1e3, book.retailer_ueur_kwh / 1e3
    bound, fee = book.bound_ueur_kwh / 1e3, book.grid_fee_ueur_kwh / 1e3
    bought = np.where(book.firm, bound, limit)
    sold = np.where(book.firm, retailer - bound - fee, -(limit + fee))
    served = np.where(book.firm, np.where(book.buys, 0.0, retailer), book.sign * (limit - retailer))
    return np.where(book.buys, bought, sold), served


def _street(
    cells: Cells, network: Network, book: Book, places: np.ndarray, columns: tuple[np.ndarray, np.ndarray, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of flows and voltages; their right sides."""
    two, y, p = columns
    phases, count = network.columns, len(network.end)
    size, at, v = phases * count, np.arange(count), p + phases * count
    firm_buys = book.firm & book.buys
    kw = 60 / book.slot_minutes * book.sign * (np.ones((1, len(book))) if phases == 1 else SHARES[:, book.phase])
    fixed, start = np.zeros(size), np.zeros(size)
    for phase in range(phases):
        first, own = 1 + phase * count, phase * count
        cells.put(first + at, p + own + at, 1.0)
        cells.put(first + network.parent[1:], p + own + at[1:], -1.0)
        moves, also = np.flatnonzero(~firm_buys & (kw[phase] != 0)), kw[phase, two] != 0
        cells.put(first + places[moves], moves, -kw[phase, moves])
        cells.put(first + places[two[also]], y[also], -kw[phase, two[also]])
        drawn = (book.energy_wh / 1e3 * kw[phase])[firm_buys]
        fixed[own : own + count] = np.bincount(places[firm_buys], drawn, count)
        start[own] = 50 * (network.feeder.slack_pu**2 - 1)
        cells.put(first + size + at, v + own + at, 1.0)
        cells.put(first + size + at[1:], v + own + network.parent[1:], -1.0)
        for other in range(phases):
            cells.put(first + size + at, p + other * count + at, 50 * 1e3 * network.drop_p[phase, other])
    return fixed, start


def _model(
    matrix: csr_array,
    cost: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    row_low: np.ndarray,
    row_high: np.ndarray,
) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, low, high
    lp.row_lower_, lp.row_upper_ = row_low, row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    return lp


def bare(lp: highspy.HighsLp) -> float:
    """The optimum (m€) from cold; nan if firm energy alone breaks a limit."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(lp)
    solver.run()
    optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return -solver.getInfo().objective_function_value if optimal else float("nan")
