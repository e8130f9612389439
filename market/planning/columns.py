"""The day's decisions as columns of a linear programme (kWh in a slot).

Behind each meter the home's own comes first: a surplus fills what the home can take before anything is bought, and
a battery serves the home before it sells. So two or three bounded columns per device and slot say what it
exchanges at home and outside, and no row is needed to split a home's net into taking and giving.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.grid.feeder import Floats, Ints
from market.planning.day import Day

# µ€ to cents: in them the solver's tolerance is far below any price, and its first run is faster than in €.
CT = 1e-4
SHORT_PRICE = 10.0  # a kWh that a car will lack costs this many times the highest price

Bools = NDArray[np.bool_]


class Role(IntEnum):
    """What a column decides."""

    CHARGE_OWN = 0  # battery, from the home's surplus
    CHARGE_IN = 1  # battery, from outside
    SERVE = 2  # battery, to the home's need
    SEND = 3  # battery, to outside
    CAR_OWN = 4
    CAR_IN = 5
    HOLD_BACK = 6  # surplus that is curtailed
    INSIDE = 7  # what a battery sends and a car takes in one home: it passes no meter
    STORED = 8  # level at the end of a slot
    IMPORT = 9  # from the retailers of one price
    EXPORT = 10
    SHORT = 11  # what a car will lack


# What one kWh of a column adds to a home's withdrawal, to what it takes and to what it gives.
WITHDRAWS = np.array([1, 1, -1, -1, 1, 1, 1, 0, 0, 0, 0, 0], dtype=float)
TAKES = np.array([0, 1, -1, 0, 0, 1, 0, -1, 0, 0, 0, 0], dtype=float)
GIVES = np.array([-1, 0, 0, 1, -1, 0, -1, -1, 0, 0, 0, 0], dtype=float)


class Tiers(NamedTuple):
    """Retailers of one price in one slot: `of[h, t]` is each home's tier; `slot` and `ct_kwh` are a tier's."""

    of: Ints
    slot: Ints
    ct_kwh: Floats


class Columns(NamedTuple):
    """One entry a column. `unit` is the row of the battery, car or tier; `home` is −1 for nobody's column."""

    role: Ints
    slot: Ints
    home: Ints
    unit: Ints
    lower: Floats
    upper: Floats
    cost: Floats

    def where(self, *roles: Role) -> Ints:
        """Numbers of the columns with one of these roles."""
        return np.flatnonzero(np.isin(self.role, roles))


@dataclass(frozen=True, eq=False, slots=True)
class Devices:
    """Most that a device takes or gives in a slot, kWh: per battery and slot, per car and slot.

    `chargeable` is what all devices of a home could take, `takers` how many they are, `trades_inside` whether a
    battery and a car stand there: per home and slot.
    """

    charge: Floats
    discharge: Floats
    car: Floats
    chargeable: Floats
    takers: Ints
    trades_inside: Bools


def devices(day: Day) -> Devices:
    """The devices' powers in each slot, and what of it stands in each home."""
    batteries, cars, slots = day.batteries, day.cars, day.homes.slots
    charge = np.repeat((batteries.charge_w * day.hours / 1e3)[:, None], slots, axis=1)
    discharge = np.repeat((batteries.discharge_w * day.hours / 1e3)[:, None], slots, axis=1)
    there = (cars.arrives[:, None] <= np.arange(slots)) & (np.arange(slots) < cars.leaves[:, None])
    car = np.where(there, (cars.charge_w * day.hours / 1e3)[:, None], 0.0)
    chargeable = np.zeros_like(day.base_kwh)
    takers, gives = (np.zeros(chargeable.shape, dtype=np.int64) for _ in range(2))
    for home, power in ((batteries.home, charge), (cars.home, car)):
        np.add.at(chargeable, home, power)
        np.add.at(takers, home, power > 0)
    np.add.at(gives, batteries.home, discharge > 0)
    parked = np.zeros_like(takers)
    np.add.at(parked, cars.home, car > 0)
    return Devices(charge, discharge, car, chargeable, takers, (gives > 0) & (parked > 0))


def tiers(prices_ueur_kwh: Floats) -> Tiers:
    """Homes whose retailers name one price in a slot, slot by slot, cheapest first."""
    homes, slots = prices_ueur_kwh.shape
    of = np.empty((homes, slots), dtype=np.int64)
    slot: list[int] = []
    prices = [np.zeros(0)]
    for t in range(slots):
        found, places = np.unique(prices_ueur_kwh[:, t], return_inverse=True)
        of[:, t] = len(slot) + places
        slot += [t] * len(found)
        prices.append(found * CT)
    return Tiers(of, np.array(slot, dtype=np.int64), np.concatenate(prices))


def columns(day: Day, have: Devices, imports: Tiers, exports: Tiers) -> Columns:
    """All decisions of the day; those that have no room are left out."""
    fee = day.grid_fee_ueur_kwh * CT
    batteries, cars = day.batteries, day.cars
    serve = np.minimum(have.discharge, day.need_kwh[batteries.home])
    everybody = np.arange(len(day.homes.nodes))
    # What passes no meter pays no fee; without a fee it may as well pass.
    inside = np.where(have.trades_inside, have.chargeable, 0.0) if fee else np.zeros_like(have.chargeable)
    blocks = [
        *_taking(day, have, batteries.home, have.charge, (Role.CHARGE_OWN, Role.CHARGE_IN)),
        _block(Role.SERVE, batteries.home, serve),
        _block(Role.SEND, batteries.home, have.discharge - serve),
        *_taking(day, have, cars.home, have.car, (Role.CAR_OWN, Role.CAR_IN)),
        _block(Role.HOLD_BACK, everybody, day.surplus_kwh),
        _block(Role.INSIDE, everybody, inside),
        _levels(day),
        _trading(Role.IMPORT, imports, imports.ct_kwh - fee),
        _trading(Role.EXPORT, exports, -exports.ct_kwh),
        _short(day),
    ]
    joined = Columns(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))
    return joined._replace(cost=joined.cost + fee * TAKES[joined.role])


def _block(role: Role, home: Ints, most: Floats) -> Columns:
    """A column for each unit and slot in which `most` is above zero."""
    unit, slot = np.nonzero(most > 0)
    zeros = np.zeros(len(unit))
    return Columns(np.full(len(unit), int(role)), slot, home[unit], unit, zeros, most[unit, slot], zeros)


def _taking(day: Day, have: Devices, home: Ints, power: Floats, roles: tuple[Role, Role]) -> list[Columns]:
    """What devices take from the home's surplus, and what of their power the surplus cannot fill from outside."""
    surplus = day.surplus_kwh[home]
    beyond = np.maximum(have.chargeable[home] - surplus, 0.0)
    return [
        _block(roles[0], home, np.minimum(power, surplus)),
        _block(roles[1], home, np.minimum(power, beyond)),
    ]


def _levels(day: Day) -> Columns:
    """What each battery stores at the end of each slot."""
    batteries, slots = day.batteries, day.homes.slots
    count = len(batteries.home)
    lower = np.repeat((batteries.held_wh / 1e3)[:, None], slots, axis=1)
    if slots:
        lower[:, -1] = batteries.final_wh / 1e3
    unit, slot = np.divmod(np.arange(count * slots), max(slots, 1))
    return Columns(
        np.full(count * slots, int(Role.STORED)), slot, batteries.home[unit], unit,
        lower.ravel(), batteries.capacity_wh[unit] / 1e3, np.zeros(count * slots),
    )  # fmt: skip


def _trading(role: Role, among: Tiers, cost: Floats) -> Columns:
    """What each tier of retailers sells or buys."""
    count = len(among.slot)
    nobody = np.full(count, -1)
    return Columns(
        np.full(count, int(role)), among.slot, nobody, np.arange(count),
        np.zeros(count), np.full(count, np.inf), cost,
    )  # fmt: skip


def _short(day: Day) -> Columns:
    """What each car will lack: dear, so only what is impossible."""
    count = len(day.cars.home)
    return Columns(
        np.full(count, int(Role.SHORT)), np.zeros(count, dtype=np.int64), np.full(count, -1), np.arange(count),
        np.zeros(count), day.cars.energy_wh / 1e3, np.full(count, SHORT_PRICE * highest_ct_kwh(day)),
    )  # fmt: skip


def highest_ct_kwh(day: Day) -> float:
    """The highest price of the day, at least one cent."""
    prices = day.homes.import_ueur_kwh
    return max(1.0, float(np.max(np.abs(prices), initial=0)) * CT)
