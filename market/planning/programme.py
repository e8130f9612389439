"""The rows of the day's programme that always hold: balance, tariffs, batteries, cars and what happens at home."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from market.grid.feeder import Floats, Ints
from market.planning.columns import (
    CT,
    GIVES,
    TAKES,
    WITHDRAWS,
    Columns,
    Devices,
    Role,
    Tiers,
    columns,
    devices,
    tiers,
)
from market.planning.day import PPM, Day

Entries = tuple[Ints, Ints, Floats]


@dataclass(frozen=True, eq=False, slots=True)
class Programme:
    """Minimise cost·x with lower ≤ x ≤ upper and row_lower ≤ matrix·x ≤ row_upper; row t is slot t's balance."""

    day: Day
    have: Devices
    columns: Columns
    matrix: csr_array
    row_lower: Floats
    row_upper: Floats
    constant_ct: float


class _Rows:
    """Rows that are being collected."""

    def __init__(self) -> None:
        self.count = 0
        self.entries: list[Entries] = []
        self.lower: list[Floats] = []
        self.upper: list[Floats] = []

    def add(self, lower: Floats, upper: Floats, *entries: Entries) -> None:
        """As many rows as `lower` is long; entries are (row among these, column, value)."""
        self.entries += [(row + self.count, column, value) for row, column, value in entries]
        self.lower.append(lower)
        self.upper.append(upper)
        self.count += len(lower)

    def add_some(self, wanted: Ints, upper: Floats, *entries: Entries) -> None:
        """Of rows numbered by any key only the `wanted` ones, from −∞ to `upper`."""
        place = np.full(int(wanted.max(initial=-1)) + 1, -1)
        place[wanted] = np.arange(len(wanted))
        kept = []
        for row, column, value in entries:
            inside = row < len(place)
            inside[inside] = place[row[inside]] >= 0
            kept.append((place[row[inside]], column[inside], value[inside]))
        self.add(np.full(len(wanted), -np.inf), upper, *kept)


def programme(day: Day) -> Programme:
    """The day's programme without the street."""
    have = devices(day)
    imports = tiers(day.prices_ueur_kwh(day.homes.import_ueur_kwh))
    exports = tiers(day.prices_ueur_kwh(day.homes.feed_in_ueur_kwh))
    cols = columns(day, have, imports, exports)
    rows = _Rows()
    _balance(rows, day, cols)
    _tariffs(rows, day, cols, imports, exports)
    _batteries(rows, day, cols)
    _cars(rows, day, cols)
    _crowded_homes(rows, day, have, cols)
    row, column, value = (np.concatenate(parts) for parts in zip(*rows.entries, strict=True))
    shape = (rows.count, len(cols.role))
    matrix = csr_array(coo_array((value, (row, column)), shape=shape))
    constant = day.grid_fee_ueur_kwh * CT * float(day.need_kwh.sum())
    return Programme(day, have, cols, matrix, np.concatenate(rows.lower), np.concatenate(rows.upper), constant)


def _balance(rows: _Rows, day: Day, cols: Columns) -> None:
    """Each slot: what homes withdraw is what retailers sell less what they buy."""
    moving = np.flatnonzero(WITHDRAWS[cols.role])
    bought, sold = cols.where(Role.IMPORT), cols.where(Role.EXPORT)
    base = -day.base_kwh.sum(axis=0)
    rows.add(
        base, base,
        (cols.slot[moving], moving, WITHDRAWS[cols.role[moving]]),
        (cols.slot[bought], bought, -np.ones(len(bought))),
        (cols.slot[sold], sold, np.ones(len(sold))),
    )  # fmt: skip


def _tariffs(rows: _Rows, day: Day, cols: Columns, imports: Tiers, exports: Tiers) -> None:
    """A retailer sells no more than its own homes take, and buys no more than they give.

    Where even the dearest retailer, without the fee, is dearer than the worst pays, nobody buys to sell: then the
    dearest needs no row, nor the one that pays worst.
    """
    if not len(imports.slot):
        return
    slots = range(day.homes.slots)
    dearest = np.array([np.flatnonzero(imports.slot == t)[-1] for t in slots])
    worst = np.array([np.flatnonzero(exports.slot == t)[0] for t in slots])
    fee = day.grid_fee_ueur_kwh * CT
    apart = imports.ct_kwh[dearest] - fee > exports.ct_kwh[worst] + 1e-6
    for role, among, needless, signs, base in (
        (Role.IMPORT, imports, dearest[apart], TAKES, day.need_kwh),
        (Role.EXPORT, exports, worst[apart], GIVES, day.surplus_kwh),
    ):
        wanted = np.setdiff1d(np.arange(len(among.slot)), needless)
        most = np.bincount(among.of.ravel(), weights=base.ravel(), minlength=len(among.slot))[wanted]
        theirs = np.flatnonzero((cols.home >= 0) & (signs[cols.role] != 0))
        trading = cols.where(role)
        rows.add_some(
            wanted, most,
            (among.of[cols.home[theirs], cols.slot[theirs]], theirs, -signs[cols.role[theirs]]),
            (cols.unit[trading], trading, np.ones(len(trading))),
        )  # fmt: skip


def _batteries(rows: _Rows, day: Day, cols: Columns) -> None:
    """What a battery stores at the end of a slot is what it stored before and what went in, less what went out."""
    batteries, slots = day.batteries, day.homes.slots
    initial = np.zeros((len(batteries.home), slots))
    if slots:
        initial[:, 0] = batteries.initial_wh / 1e3
    level = cols.where(Role.STORED)
    kept = level[cols.slot[level] < slots - 1]
    filled, used = cols.where(Role.CHARGE_OWN, Role.CHARGE_IN), cols.where(Role.SERVE, Role.SEND)
    efficiency = batteries.efficiency_ppm / PPM

    def row(of: Ints) -> Ints:
        return cols.unit[of] * slots + cols.slot[of]

    rows.add(
        initial.ravel(), initial.ravel(),
        (row(level), level, np.ones(len(level))),
        (row(kept) + 1, kept, -np.ones(len(kept))),
        (row(filled), filled, -efficiency[cols.unit[filled]]),
        (row(used), used, 1 / efficiency[cols.unit[used]]),
    )  # fmt: skip


def _cars(rows: _Rows, day: Day, cols: Columns) -> None:
    """A car gets what it wants, or lacks it."""
    wanted = day.cars.energy_wh / 1e3
    given = cols.where(Role.CAR_OWN, Role.CAR_IN, Role.SHORT)
    rows.add(wanted, wanted, (cols.unit[given], given, np.ones(len(given))))


def _crowded_homes(rows: _Rows, day: Day, have: Devices, cols: Columns) -> None:
    """Where several devices share a surplus, or a car takes what a battery sends, bounds alone do not do."""
    slots = day.homes.slots
    crowded = (have.takers > 1) & (day.surplus_kwh > 0)
    for roles, power, home in (
        ((Role.CHARGE_OWN, Role.CHARGE_IN), have.charge, day.batteries.home),
        ((Role.CAR_OWN, Role.CAR_IN), have.car, day.cars.home),
    ):
        both = cols.where(*roles)
        wanted = np.flatnonzero((crowded[home] & (power > 0)).ravel())
        keys = cols.unit[both] * slots + cols.slot[both]
        rows.add_some(wanted, power.ravel()[wanted], (keys, both, np.ones(len(both))))

    def at_home(of: Ints) -> Ints:
        return cols.home[of] * slots + cols.slot[of]

    wanted = np.flatnonzero(crowded.ravel())
    beyond = np.maximum(have.chargeable - day.surplus_kwh, 0.0).ravel()[wanted]
    inward = cols.where(Role.CHARGE_IN, Role.CAR_IN)
    rows.add_some(wanted, beyond, (at_home(inward), inward, np.ones(len(inward))))
    inside = cols.where(Role.INSIDE)
    passed = (at_home(inside), inside, np.ones(len(inside)))
    for role in (Role.CAR_IN, Role.SEND):
        side = cols.where(role)
        rows.add_some(passed[0], np.zeros(len(inside)), (at_home(side), side, -np.ones(len(side))), passed)
