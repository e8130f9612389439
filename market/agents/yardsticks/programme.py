"""The street's hours as one linear programme: each battery and car by itself, one exchange with the grid.

Used with what really came (perfect foresight) and with forecasts (planning over a moving window). Needs HiGHS,
which web processes do not load.
"""

from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from scipy.sparse import coo_array

from market.agents.street.fleet import Fleet, Floats

BREAKING_EUR_KWH, MISSING_EUR_KWH = 2.0, 10.0


@dataclass(frozen=True, slots=True)
class Session:
    """A car in hours `[first, end)` of the programme that needs `need_wh`."""

    home: int
    first: int
    end: int
    need_wh: float


@dataclass(frozen=True, eq=False, slots=True)
class Planned:
    """What the programme found: € without penalties, kWh over the limit and missing in cars, and by hour what each
    battery takes less gives and each session takes (Wh AC).
    """

    cost_eur: float
    broken_kwh: Floats
    missing_kwh: float
    battery_wh: Floats
    session_wh: list[Floats]


@dataclass
class _Build:
    """Columns and rows as they are added; energies in kWh, costs in €."""

    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    cost: list[Floats] = field(default_factory=list)
    entries: list[tuple[np.ndarray, np.ndarray, Floats]] = field(default_factory=list)
    sides: list[Floats] = field(default_factory=list)
    columns: int = 0
    rows: int = 0

    def add(self, count: int, low: Any, high: Any, cost: Any = 0.0) -> np.ndarray:
        """New columns, their numbers."""
        for kept, value in ((self.low, low), (self.high, high), (self.cost, cost)):
            kept.append(np.broadcast_to(np.asarray(value, dtype=float), count).copy())
        self.columns += count
        return np.arange(self.columns - count, self.columns)

    def equal(self, right: Floats, *terms: tuple[np.ndarray, Any]) -> np.ndarray:
        """Rows Σ value·column = right, one a place; a term has a column for each row."""
        rows = np.arange(self.rows, self.rows + len(right))
        for columns, value in terms:
            self.entries.append(
                (rows[: len(columns)], columns, np.broadcast_to(np.asarray(value, float), len(columns)))
            )
        self.sides.append(np.asarray(right, dtype=float))
        self.rows += len(right)
        return rows

    def solved(self) -> Floats:
        """The optimum. Raises ArithmeticError if there is none."""
        row, column, value = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        matrix = coo_array((value, (row, column)), shape=(self.rows, self.columns)).tocsc()
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self.columns, self.rows
        model.col_cost_ = np.concatenate(self.cost)
        model.col_lower_, model.col_upper_ = np.concatenate(self.low), np.concatenate(self.high)
        model.row_lower_ = model.row_upper_ = np.concatenate(self.sides)
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
        model.a_matrix_.value_ = matrix.data
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.passModel(model)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ArithmeticError(f"No plan was found: {solver.getModelStatus()}.")
        return np.array(solver.getSolution().col_value)


def planned(
    fleet: Fleet,
    net_wh: Floats,
    import_ueur_kwh: Floats,
    feed_in_ueur_kwh: Floats,
    sessions: list[Session],
    stored_wh: Floats,
    *,
    end_ueur_kwh: float,
    hours: float = 1.0,
    wishes_wh: Floats | None = None,
) -> Planned:
    """The cheapest way through slots of so many hours; `net_wh` and prices are the street's, `[slot]`.

    `wishes_wh` `[slot, home]` is what loads that may stay off would like; what they do not get costs its worth.
    """
    build, slots = _Build(), len(net_wh)
    charge, give = _batteries(build, fleet, stored_wh, slots, end_ueur_kwh, hours)
    bought, sold = import_ueur_kwh / 1e6, feed_in_ueur_kwh / 1e6
    taken = build.add(slots, 0, fleet.import_limit_w * hours / 1e3, bought)
    given = build.add(slots, 0, fleet.export_limit_w * hours / 1e3, -sold)
    over = build.add(slots, 0, np.inf, bought + BREAKING_EUR_KWH)
    unmade = build.add(slots, 0, np.inf, 1e-4)
    liked_wh = np.zeros((slots, 0)) if wishes_wh is None else wishes_wh[:, fleet.loads]
    wanted = net_wh + liked_wh.sum(axis=1)  # + charging − giving + cars − off + not made = taken − given + over
    balance = build.equal(-wanted / 1e3, (taken, -1.0), (given, 1.0), (over, -1.0), (unmade, 1.0))
    for columns, sign in ((charge, 1.0), (give, -1.0)):
        build.entries += [(balance, each, np.full(slots, sign)) for each in columns]
    plugged, missing = _cars(build, fleet, sessions, balance, hours)
    off, found = _loads(build, fleet, liked_wh, balance), build.solved()
    paid = found[taken] @ bought + found[over] @ bought - found[given] @ sold
    paid -= _stored(fleet, stored_wh, found, charge, give) * end_ueur_kwh / 1e9
    paid += sum(float(found[columns].sum()) * eur_kwh for columns, eur_kwh in off)
    return Planned(
        float(paid),
        found[over],
        float(sum(found[one].sum() for one in missing)),
        1e3 * (found[charge] - found[give]) if len(charge) else np.zeros((0, slots)),
        [1e3 * found[one] for one in plugged],
    )


def _cars(
    build: _Build, fleet: Fleet, sessions: list[Session], balance: np.ndarray, hours: float
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Columns of what each session takes by slot, and of what it lacks."""
    plugged, missing = [], []
    for one in sessions:
        takes = build.add(one.end - one.first, 0, fleet.car_w[one.home] * hours / 1e3)
        lacks = build.add(1, 0, np.inf, MISSING_EUR_KWH)
        row = build.equal(np.array([one.need_wh / 1e3]), (lacks, 1.0))
        build.entries.append((np.repeat(row, len(takes)), takes, np.ones(len(takes))))
        build.entries.append((balance[one.first : one.end], takes, np.ones(len(takes))))
        plugged.append(takes)
        missing.append(lacks)
    return plugged, missing


def _loads(build: _Build, fleet: Fleet, liked_wh: Floats, balance: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Columns of what each load does without by slot, with what a kWh of it costs its owner, €."""
    off = []
    for home, liked in zip(fleet.loads, liked_wh.T, strict=bool(liked_wh.size)):
        eur_kwh = 0.0 if fleet.load_ueur_kwh is None else float(fleet.load_ueur_kwh[home]) / 1e6
        columns = build.add(len(liked), 0, liked / 1e3, eur_kwh)
        build.entries.append((balance, columns, np.full(len(liked), -1.0)))
        off.append((columns, eur_kwh))
    return off


def _batteries(
    build: _Build, fleet: Fleet, stored_wh: Floats, slots: int, end_ueur_kwh: float, hours: float
) -> tuple[np.ndarray, np.ndarray]:
    """Columns of charging and giving, `[battery, slot]`, with what is stored kept between reserve and capacity."""
    charges, gives = [], []
    for home, stored in zip(fleet.batteries, stored_wh, strict=True):
        efficiency = float(fleet.efficiency[home])
        charge = build.add(slots, 0, fleet.charge_w[home] * hours / 1e3)
        give = build.add(slots, 0, fleet.discharge_w[home] * hours / 1e3)
        least = min(float(fleet.reserve_wh[home]), float(stored)) / 1e3
        worth = np.zeros(slots)
        worth[-1] = -end_ueur_kwh / 1e6
        level = build.add(slots, least, fleet.capacity_wh[home] / 1e3, worth)
        first = np.zeros(slots)
        first[0] = stored / 1e3
        rows = build.equal(first, (level, 1.0), (charge, -efficiency), (give, 1 / efficiency))
        build.entries.append((rows[1:], level[:-1], np.full(slots - 1, -1.0)))
        charges.append(charge)
        gives.append(give)
    empty = np.zeros((0, slots), dtype=np.int64)
    return (np.array(charges), np.array(gives)) if charges else (empty, empty)


def _stored(fleet: Fleet, stored_wh: Floats, found: Floats, charge: np.ndarray, give: np.ndarray) -> float:
    """All that is stored at the end, Wh."""
    efficiency = fleet.efficiency[fleet.batteries][:, None]
    if not len(charge):
        return 0.0
    return float(stored_wh.sum() + 1e3 * (found[charge] * efficiency - found[give] / efficiency).sum())
