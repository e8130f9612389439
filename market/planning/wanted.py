"""Rows on demand: which limits a solution breaks, and the rows that forbid it."""

from collections.abc import Container, Hashable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from market.grid.feeder import Floats, Ints
from market.planning.columns import WITHDRAWS, Role, highest_ct_kwh
from market.planning.programme import Programme
from market.planning.solver import Row
from market.planning.street import Limit, Street

# A row counts as broken beyond this: three times what the solver itself allows.
TOLERANCE_KWH = 3e-7
# A limit that stays broken costs this many times the highest price: a hundred times a car's missing kWh, so that
# a car near the transformer, which moves a voltage but little, waits before the voltage gives way.
BROKEN_PRICE = 1_000.0
# What is full in one slot is likely to be full in the next: a row comes with those of so many slots around it,
# which saves rounds (measured: a quarter of the time with four, no more with eight).
NEAR_SLOTS = 4


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


Key = Surplus | Time | Limit


class Group(NamedTuple):
    """Columns sorted by a key: those of key k are `columns[first[k]:first[k + 1]]`."""

    columns: Ints
    first: Ints

    @classmethod
    def of(cls, columns: Ints, keys: Ints, count: int) -> "Group":
        """Sort the columns by keys from 0 to `count` − 1."""
        order = np.argsort(keys, kind="stable")
        return cls(columns[order], np.searchsorted(keys[order], np.arange(count + 1)))

    def at(self, key: int) -> Ints:
        """The columns of one key."""
        return self.columns[self.first[key] : self.first[key + 1]]


class Wanted:
    """Finds and makes the rows of one programme on one street."""

    def __init__(self, given: Programme, street: Street) -> None:
        self.given, self.street, self.cols = given, street, given.columns
        cols, self.slots = given.columns, given.day.homes.slots
        self.broken_ct = BROKEN_PRICE * highest_ct_kwh(given.day)
        moving = np.flatnonzero(WITHDRAWS[cols.role])
        self.moving = Group.of(moving, cols.slot[moving], self.slots)
        sharing = cols.where(Role.CHARGE_OWN, Role.CAR_OWN, Role.HOLD_BACK)
        count = len(given.day.homes.nodes) * self.slots
        self.sharing = Group.of(sharing, cols.home[sharing] * self.slots + cols.slot[sharing], count)
        timed = cols.where(Role.CHARGE_OWN, Role.CHARGE_IN, Role.SERVE, Role.SEND)
        count = len(given.day.batteries.home) * self.slots
        self.timed = Group.of(timed, cols.unit[timed] * self.slots + cols.slot[timed], count)
        self.share_of_slot = 1 / self._most(self.timed.columns)

    def rows(self, x: Floats, known: Container[Hashable]) -> list[Row]:
        """Rows not `known` that `x` breaks, with those of the slots around; none if all hold."""
        on_street = self.street.broken(self._withdrawals(x), TOLERANCE_KWH, known)
        broken: list[Key] = [*self._surplus(x), *self._time(x), *on_street]
        keys = dict.fromkeys(key for key in broken if key not in known)
        keys |= dict.fromkeys(near for key in keys for near in self._around(key) if near not in known)
        return [self._row(key) for key in keys]

    def _most(self, columns: Ints) -> Floats:
        """What a battery's column could move in its slot."""
        unit, slot = self.cols.unit[columns], self.cols.slot[columns]
        fills = WITHDRAWS[self.cols.role[columns]] > 0
        return np.where(fills, self.given.have.charge[unit, slot], self.given.have.discharge[unit, slot])

    def _withdrawals(self, x: Floats) -> Floats:
        """What homes withdraw, H × T."""
        cols, moving = self.cols, self.moving.columns
        answer = self.given.day.base_kwh.copy()
        np.add.at(answer, (cols.home[moving], cols.slot[moving]), WITHDRAWS[cols.role[moving]] * x[moving])
        return answer

    def _surplus(self, x: Floats) -> Iterator[Surplus]:
        """Where devices take and curtailment holds back more surplus than there is."""
        uses, surplus = self.sharing.columns, self.given.day.surplus_kwh
        used = np.zeros_like(surplus)
        np.add.at(used, (self.cols.home[uses], self.cols.slot[uses]), x[uses])
        for home, slot in np.argwhere(used > surplus + TOLERANCE_KWH):
            yield Surplus(int(home), int(slot))

    def _time(self, x: Floats) -> Iterator[Time]:
        """Where charging and discharging together take longer than the slot."""
        uses = self.timed.columns
        shares = np.zeros_like(self.given.have.charge)
        np.add.at(shares, (self.cols.unit[uses], self.cols.slot[uses]), x[uses] * self.share_of_slot)
        for battery, slot in np.argwhere(shares > 1 + 10 * TOLERANCE_KWH):
            yield Time(int(battery), int(slot))

    def _around(self, key: Key) -> Iterator[Time | Limit]:
        if isinstance(key, Surplus):
            return
        for slot in range(max(key.slot - NEAR_SLOTS, 0), min(key.slot + NEAR_SLOTS + 1, self.slots)):
            yield Time(key.battery, slot) if isinstance(key, Time) else key._replace(slot=slot)

    def _row(self, key: Key) -> Row:
        if isinstance(key, Surplus):
            columns = self.sharing.at(key.home * self.slots + key.slot)
            return Row(
                key, columns, np.ones(len(columns)), float(self.given.day.surplus_kwh[key.home, key.slot]), 0.0
            )
        if isinstance(key, Time):
            columns = self.timed.at(key.battery * self.slots + key.slot)
            return Row(key, columns, 1 / self._most(columns), 1.0, 0.0)
        coefficients, most = self.street.row(key.element)
        columns = self.moving.at(key.slot)
        values = WITHDRAWS[self.cols.role[columns]] * coefficients[self.cols.home[columns]]
        felt = np.abs(values) > 1e-9
        upper = most - float(coefficients @ self.given.day.base_kwh[:, key.slot])
        return Row(key, columns[felt], values[felt], upper, self.broken_ct)
