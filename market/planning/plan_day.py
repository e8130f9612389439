"""The cheapest day of a community inside the limits of its street."""

from collections.abc import Container, Hashable, Iterator
from dataclasses import dataclass

import numpy as np

from market.grid.feeder import Feeder, Floats, Ints
from market.planning.columns import WITHDRAWS, Role, highest_eur_kwh
from market.planning.day import Day
from market.planning.plan import DayPlan, read_plan
from market.planning.programme import Programme, programme
from market.planning.solver import Row, Solver
from market.planning.street import Limit, Street

# A row counts as broken beyond this: three times what the solver itself allows.
TOLERANCE_KWH = 3e-7
# A limit that stays broken costs this many times the highest price: a hundred times a car's missing kWh, so that
# a car near the transformer, which moves a voltage but little, waits before the voltage gives way.
BROKEN_PRICE = 1_000.0


def plan_day(day: Day, feeder: Feeder | None = None) -> DayPlan:
    """The plan of least cost for the whole community; without a feeder only the community's own limits count.

    Rows on demand: solve without the street, look at all slots with one sweep of the tree, add what is broken and
    go on from the same basis until nothing is. The answer is that of the programme with every limit of every slot.
    What no plan can do is in the answer, dear but not refused: a car's missing energy, a limit that firm load
    breaks. Raises FeederError, and ArithmeticError if the solver fails.
    """
    given, street = programme(day), Street(day, feeder)
    solver, rows = Solver(given), _Wanted(given, street)
    solver.run()
    while broken := rows.broken(solver.x, solver.added):
        solver.add(broken)
        solver.run()
    return read_plan(given, street, solver)


@dataclass(frozen=True, slots=True)
class Surplus:
    """Devices and curtailment share a home's surplus in a slot."""

    home: int
    slot: int


@dataclass(frozen=True, slots=True)
class Time:
    """A battery that charges and discharges in one slot does one after the other."""

    battery: int
    slot: int


class _Wanted:
    """The rows that a solution breaks."""

    def __init__(self, given: Programme, street: Street) -> None:
        self.given, self.street, self.cols = given, street, given.columns
        self.moving = np.flatnonzero(WITHDRAWS[self.cols.role])
        self.by_slot = _by_slot(self.cols.slot, self.moving, given.day.homes.slots)
        self.broken_eur = BROKEN_PRICE * highest_eur_kwh(given.day)

    def broken(self, x: Floats, known: Container[Hashable]) -> list[Row]:
        """Rows that `x` breaks by more than the tolerance, save those that are `known` already."""
        at_home = [row for row in (*self._surplus(x), *self._time(x)) if row.key not in known]
        return [*at_home, *self._street(x, known)]

    def _surplus(self, x: Floats) -> Iterator[Row]:
        """What devices take from the home's surplus and what is held back is no more than there is."""
        uses = self.cols.where(Role.CHARGE_OWN, Role.CAR_OWN, Role.HOLD_BACK)
        surplus = self.given.day.surplus_kwh
        used = np.zeros_like(surplus)
        np.add.at(used, (self.cols.home[uses], self.cols.slot[uses]), x[uses])
        for home, slot in np.argwhere(used > surplus + TOLERANCE_KWH):
            mine = uses[(self.cols.home[uses] == home) & (self.cols.slot[uses] == slot)]
            yield Row(Surplus(int(home), int(slot)), mine, np.ones(len(mine)), float(surplus[home, slot]), 0.0)

    def _time(self, x: Floats) -> Iterator[Row]:
        """The share of a slot that a battery charges and the share that it discharges fit into the slot.

        Only where energy is worth less than nothing does it ever do both: then it wastes what it can.
        """
        uses = self.cols.where(Role.CHARGE_OWN, Role.CHARGE_IN, Role.SERVE, Role.SEND)
        unit, slot = self.cols.unit[uses], self.cols.slot[uses]
        fills = WITHDRAWS[self.cols.role[uses]] > 0
        most = np.where(fills, self.given.have.charge[unit, slot], self.given.have.discharge[unit, slot])
        shares = np.zeros_like(self.given.have.charge)
        np.add.at(shares, (unit, slot), x[uses] / most)
        for battery, at in np.argwhere(shares > 1 + 10 * TOLERANCE_KWH):
            mine = (unit == battery) & (slot == at)
            yield Row(Time(int(battery), int(at)), uses[mine], 1 / most[mine], 1.0, 0.0)

    def _street(self, x: Floats, known: Container[Hashable]) -> Iterator[Row]:
        """The street's limits."""
        cols, day = self.cols, self.given.day
        withdrawals = day.base_kwh.copy()
        moving = self.moving
        np.add.at(withdrawals, (cols.home[moving], cols.slot[moving]), WITHDRAWS[cols.role[moving]] * x[moving])
        for limit in self.street.broken(withdrawals, TOLERANCE_KWH, known):
            yield self._row(limit)

    def _row(self, limit: Limit) -> Row:
        coefficients, most = self.street.row(limit.element)
        columns = self.by_slot[limit.slot]
        values = WITHDRAWS[self.cols.role[columns]] * coefficients[self.cols.home[columns]]
        felt = np.abs(values) > 1e-9
        upper = most - float(coefficients @ self.given.day.base_kwh[:, limit.slot])
        return Row(limit, columns[felt], values[felt], upper, self.broken_eur)


def _by_slot(slot: Ints, columns: Ints, slots: int) -> list[Ints]:
    """Columns of each slot."""
    ordered = columns[np.argsort(slot[columns], kind="stable")]
    return np.split(ordered, np.searchsorted(slot[ordered], np.arange(1, slots)))
