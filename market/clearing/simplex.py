"""The programme solved by HiGHS directly: dual simplex from the merit order.

Orders that gain at a price near the right one start at their upper bound, the marginal one, all flows and all
voltages are basic. That basis is dual feasible, and few pivots lead from there to the optimum. Limits are first
taken as hard; only where firm energy alone breaks them the programme is solved again with limits that may be
passed at a high price. `specification.py` states the same in cvxpy; both must lead to the same clearing.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from market.clearing.programme import Branches, Programme, Solution
from market.grid.feeder import Floats, Ints

Entries = tuple[Ints, Ints, Floats]  # row, column, figure
LOWER, BASIC, UPPER, ZERO = 0, 1, 2, 3  # HighsBasisStatus


@dataclass(frozen=True, eq=False, slots=True)
class Lp:
    """max value·x, low ≤ x ≤ high, row_low ≤ A·x ≤ row_high."""

    value: Floats
    low: Floats
    high: Floats
    entries: Entries
    row_low: Floats
    row_high: Floats


def solve(programme: Programme) -> Solution:
    """The optimum of a programme. Raises ArithmeticError if HiGHS finds none."""
    lp = _lp(programme)
    if _run(lp, _merit_basis(programme)):
        return _solution(programme, lp, soft=False)
    soft = _softened(programme, lp)
    if not _run(soft, None):
        raise ArithmeticError("The solver ended without an optimum.")
    return _solution(programme, soft, soft=True)


def _sizes(programme: Programme) -> tuple[int, int, int, bool]:
    """Columns of q, street columns times places, rows of M, and whether there is reactive power."""
    branches = programme.branches
    reactive = branches.tan_phi is not None or branches.base_kvar is not None
    return len(programme.ways.order), branches.base_kw.size, len(programme.ways.meets), reactive


def _lp(programme: Programme) -> Lp:
    """x is q, then P, v (and Q), each by street column and place; rows are M, P, v (and Q), cuts, pairs."""
    ways, branches = programme.ways, programme.branches
    count, size, equal, reactive = _sizes(programme)
    at_row, at_column = np.nonzero(ways.balance)
    entries = [(at_row, at_column, ways.balance[at_row, at_column])]
    p, v, q = count, count + size, count + 2 * size
    entries += _flow_rows(branches, equal, p, branches.per_kwh)
    entries += _voltage_rows(branches, equal + size, p, v, branches.drop_p)
    blocks = 2
    if reactive:
        tangents = np.zeros(count) if branches.tan_phi is None else branches.tan_phi
        entries += _flow_rows(branches, equal + 2 * size, q, branches.per_kwh * tangents)
        entries += _voltage_rows(branches, equal + size, q, v, branches.drop_q)[2:]
        blocks = 3
    cuts_at = equal + blocks * size
    entries += _cut_rows(branches, cuts_at, p, q)
    pairs_at = cuts_at + len(branches.cuts)
    pair_rows = np.repeat(np.arange(len(ways.pairs)), 2) + pairs_at
    entries.append((pair_rows, ways.pairs.ravel(), np.ones(ways.pairs.size)))
    source = np.zeros(branches.base_kw.shape)
    source[:, 0] = branches.source
    most = np.array([limit.most / 1e3 for limit in branches.cuts])
    kvar = [branches.base_kvar.ravel() if branches.base_kvar is not None else np.zeros(size)] if reactive else []
    fixed = np.concatenate((np.zeros(equal), branches.base_kw.ravel(), source.ravel(), *kvar))
    free = [np.full(size, np.inf)] if reactive else []
    power = branches.most_kw.ravel()
    return Lp(
        value=np.concatenate((ways.value, np.zeros(blocks * size))),
        low=np.concatenate((np.zeros(count), -power, branches.low.ravel(), *(-one for one in free))),
        high=np.concatenate((ways.upper, power, branches.high.ravel(), *free)),
        entries=tuple(np.concatenate(part) for part in zip(*entries, strict=True)),  # type: ignore[arg-type]
        row_low=np.concatenate((fixed, np.full(len(most) + len(ways.pairs), -np.inf))),
        row_high=np.concatenate((fixed, most, ways.caps)),
    )


def _flow_rows(branches: Branches, first: int, column: int, per_kwh: Floats) -> list[Entries]:
    """P of a place, less what is drawn there and P of the places below, is its base load."""
    phases, count = branches.base_kw.shape
    place = np.arange(phases * count)
    below = np.flatnonzero(np.tile(branches.above, phases) >= 0)
    above = np.tile(branches.above, phases)[below] + (below // count) * count
    drawing = np.flatnonzero(branches.at >= 0)
    entries = [
        (first + place, column + place, np.ones(len(place))),
        (first + above, column + below, np.full(len(below), -1.0)),
    ]
    for phase in range(phases):
        some = drawing[per_kwh[phase, drawing] != 0]
        entries.append((first + phase * count + branches.at[some], some, -per_kwh[phase, some]))
    return entries


def _voltage_rows(branches: Branches, first: int, power: int, voltage: int, drop: Floats) -> list[Entries]:
    """v of a place, less v above, plus the falls along its line, is zero (at the root: the source)."""
    phases, count = branches.base_kw.shape
    place = np.arange(phases * count)
    below = np.flatnonzero(np.tile(branches.above, phases) >= 0)
    above = np.tile(branches.above, phases)[below] + (below // count) * count
    entries = [
        (first + place, voltage + place, np.ones(len(place))),
        (first + below, voltage + above, np.full(len(below), -1.0)),
    ]
    for one in range(phases):
        for other in range(phases):
            at = np.arange(count)
            entries.append((first + one * count + at, power + other * count + at, drop[one, other]))
    return entries


def _cut_rows(branches: Branches, first: int, power: int, reactive: int) -> list[Entries]:
    phases, count = branches.base_kw.shape
    entries = []
    for row, limit in enumerate(branches.cuts):
        if limit.kind in {"import", "export"}:
            columns = power + np.arange(phases) * count
            entries.append((np.full(phases, first + row), columns, np.full(phases, float(limit.side))))
        else:
            at = limit.column * count + int(np.searchsorted(branches.places, limit.place))
            columns = np.array([power + at, reactive + at])
            entries.append((np.full(2, first + row), columns, np.array(limit.direction)))
    return entries


def _softened(programme: Programme, lp: Lp) -> Lp:
    """Every limit may be passed, by columns that do what P, v or a cut's slack do, at a price."""
    count, size, equal, reactive = _sizes(programme)
    limits = 2 * size
    row, column, figure = lp.entries
    order = np.argsort(column, kind="stable")
    row, column, figure = row[order], column[order], figure[order]
    begin, end = np.searchsorted(column, [count, count + limits])
    width, cuts = len(lp.value), len(programme.branches.cuts)
    cuts_at = equal + (3 if reactive else 2) * size
    up = (row[begin:end], column[begin:end] - count + width, figure[begin:end])
    down = (row[begin:end], column[begin:end] - count + width + limits, -figure[begin:end])
    over = (cuts_at + np.arange(cuts), width + 2 * limits + np.arange(cuts), np.full(cuts, -1.0))
    more = 2 * limits + cuts
    parts = zip((row, column, figure), up, down, over, strict=True)
    finite = np.concatenate((np.isfinite(lp.high[count : count + limits]),) * 2 + (np.ones(cuts, dtype=bool),))
    return Lp(
        value=np.concatenate((lp.value, -_penalties(programme))),
        low=np.concatenate((lp.low, np.zeros(more))),
        high=np.concatenate((lp.high, np.where(finite, np.inf, 0.0))),
        entries=tuple(np.concatenate(part) for part in parts),  # type: ignore[arg-type]
        row_low=lp.row_low,
        row_high=lp.row_high,
    )


def _penalties(programme: Programme) -> Floats:
    """m€ for each kW and percent beyond a limit, upwards and downwards, and for each kW beyond a cut."""
    kw = programme.scarcity / programme.kw_per_kwh
    percent = kw / np.maximum(programme.branches.sensitivity.ravel(), 1e-12)
    both = np.concatenate((np.full(len(percent), kw), percent))
    return np.concatenate((both, both, np.full(len(programme.branches.cuts), kw)))


def _merit_basis(programme: Programme) -> tuple[Ints, Ints] | None:
    """Statuses of columns and rows, or none where zones make the merit order a poor guide."""
    ways = programme.ways
    count, size, equal, reactive = _sizes(programme)
    if equal > 1 or not count:
        return None
    gains = ways.value - ways.balance[0] * programme.start_meur
    columns = np.where(gains > 0, UPPER, LOWER)
    single = ways.matched.copy()
    single[ways.pairs.ravel()] = False
    columns[int(np.argmin(np.where(single if single.any() else ways.matched, np.abs(gains), np.inf)))] = BASIC
    # Of two ways that gain, the better one fills the pair.
    first = gains[ways.pairs[:, 0]] > gains[ways.pairs[:, 1]]
    better, worse = np.where(first[:, None], ways.pairs, ways.pairs[:, ::-1]).T
    full = gains[better] > 0
    columns[better[full]], columns[worse[full]] = BASIC, LOWER
    blocks = 3 if reactive else 2
    rows = np.full(equal + blocks * size + len(programme.branches.cuts), LOWER)
    rows[equal + blocks * size :] = BASIC
    columns = np.concatenate((columns, np.full(blocks * size, BASIC)))
    return columns, np.concatenate((rows, np.where(full, UPPER, BASIC)))


@lru_cache(maxsize=1)
def _solver() -> Any:
    """One silent solver for a process; it keeps nothing from one model to the next."""
    import highspy

    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("presolve", "off"), ("simplex_dual_edge_weight_strategy", 1)):
        solver.setOptionValue(option, value)
    return solver


def _run(lp: Lp, basis: tuple[Ints, Ints] | None) -> bool:
    """Solve; whether there is an optimum. Raises ArithmeticError if HiGHS cannot tell."""
    import highspy

    row, column, figure = lp.entries
    order = np.argsort(column, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(column, minlength=len(lp.value)))[:-1]))
    solver = _solver()
    solver.passModel(
        len(lp.value), len(lp.row_low), len(row), int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMaximize), 0.0, lp.value, lp.low, lp.high, lp.row_low, lp.row_high,
        starts.astype(np.int32), row[order].astype(np.int32), figure[order].astype(float),
        np.zeros(len(lp.value), dtype=np.int32),
    )  # fmt: skip
    if basis is not None:
        solver.setBasis(_basis(*basis))
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return True
    if status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        return False
    raise ArithmeticError(f"The solver ended with {solver.modelStatusToString(status)}.")


def _basis(columns: Ints, rows: Ints) -> Any:
    import highspy

    names = highspy.HighsBasisStatus
    status = (names.kLower, names.kBasic, names.kUpper, names.kZero)
    basis = highspy.HighsBasis()
    basis.col_status = [status[code] for code in columns.tolist()]
    basis.row_status = [status[code] for code in rows.tolist()]
    basis.valid, basis.alien = True, False
    return basis


def _solution(programme: Programme, lp: Lp, *, soft: bool) -> Solution:
    """What HiGHS holds now, in the programme's terms."""
    count, size, equal, reactive = _sizes(programme)
    found = _solver().getSolution()
    x, reduced, rows = np.array(found.col_value), np.array(found.col_dual), np.array(found.row_dual)
    shape = programme.branches.base_kw.shape
    cuts, limits = len(programme.branches.cuts), 2 * size
    cuts_at = equal + (3 if reactive else 2) * size
    over = np.zeros(2 * limits + cuts)
    over[: len(x) - (count + (cuts_at - equal))] = x[count + (cuts_at - equal) :]
    passed = over[:limits] - over[limits : 2 * limits]
    return Solution(
        q_kwh=x[:count],
        balance_meur=rows[:equal],
        power_meur=reduced[count : count + size].reshape(shape),
        voltage_meur=reduced[count + size : count + limits].reshape(shape),
        cut_meur=rows[cuts_at : cuts_at + cuts],
        power_over=passed[:size].reshape(shape),
        voltage_over=passed[size:].reshape(shape),
        cut_over=over[2 * limits :],
        soft=soft,
    )


def small(value: Floats, low: Floats, high: Floats, rows: Floats, most: Floats) -> tuple[float, Floats] | None:
    """max value·x, low ≤ x ≤ high, rows·x ≤ most of a few dense columns: (optimum, x), or None if nothing
    bounds it.

    Raises ArithmeticError if there is no x.
    """
    import highspy

    at_row, at_column = np.nonzero(rows)
    solver = _solver()
    starts = np.concatenate(([0], np.cumsum(np.bincount(at_row, minlength=len(rows)))[:-1]))
    solver.passModel(
        len(value), len(rows), len(at_row), int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMaximize), 0.0, value, low, high, np.full(len(rows), -np.inf), most,
        starts.astype(np.int32), at_column.astype(np.int32),
        rows[at_row, at_column], np.zeros(len(value), dtype=np.int32),
    )  # fmt: skip
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return float(solver.getInfo().objective_function_value), np.array(solver.getSolution().col_value)
    if status in {highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        return None
    raise ArithmeticError(f"The solver ended with {solver.modelStatusToString(status)}.")
