"""The plan of a day: what every device does, what it costs, and at which prices."""

from dataclasses import dataclass

import numpy as np

from market.grid.feeder import Floats, Ints
from market.planning.columns import CT, GIVES, TAKES, Role
from market.planning.programme import Programme
from market.planning.solver import Solver
from market.planning.street import Limit, Street

NEUR_PER_CT = 10_000_000


@dataclass(frozen=True, slots=True)
class Binding:
    """A limit of the street that binds in a slot.

    `side` is import where taking less would help, export where giving less would. One kWh less of the home that
    moves it most is worth `shadow_ueur_kwh`; by `broken_wh` of it even the best plan breaks it.
    """

    slot: int
    element: str
    kind: str
    phase: str
    side: str
    shadow_ueur_kwh: int
    broken_wh: int


@dataclass(frozen=True, eq=False, slots=True)
class DayPlan:
    """The least that the day can cost the community, and how. H homes, B batteries, C cars, T slots.

    Energies are AC except `stored_wh`, in Wh, not rounded: a plan is no record. `price_ueur_kwh` is what a buyer
    at the transformer pays with the grid fee, `home_price_ueur_kwh` the same at each home, with the shadow prices
    of the limits that it moves; who sells receives the fee less. `cost_neur` is what retailers and the fee get,
    `penalty_neur` what missing energy and broken limits were counted with.
    """

    charge_wh: Floats  # B × T
    discharge_wh: Floats  # B × T
    stored_wh: Floats  # B × T, at the end of each slot
    car_wh: Floats  # C × T
    missing_wh: Floats  # C: what no plan can charge until the car leaves
    held_back_wh: Floats  # H × T: surplus curtailed
    take_wh: Floats  # H × T, at the meter
    give_wh: Floats  # H × T, at the meter
    retailer_import_wh: Floats  # T
    retailer_export_wh: Floats  # T
    price_ueur_kwh: Ints  # T
    home_price_ueur_kwh: Ints  # H × T
    bindings: tuple[Binding, ...]
    cost_neur: int
    penalty_neur: int
    runs: int
    iterations: int
    rows_added: int

    @property
    def local_wh(self) -> Floats:
        """What neighbours exchange in each slot."""
        return np.asarray(self.take_wh.sum(axis=0) - self.retailer_import_wh)


def read_plan(given: Programme, street: Street, solver: Solver) -> DayPlan:
    """The plan that the solver found."""
    day, cols = given.day, given.columns
    read = _Reader(given, np.maximum(solver.x[: solver.width], 0.0))
    homes, batteries, cars = len(day.homes.nodes), len(day.batteries.home), len(day.cars.home)
    short = cols.where(Role.SHORT)
    short_ct = float(cols.cost[short] @ read.x[short])
    broken_ct = float(np.dot([row.broken_ct for row in solver.added.values()], solver.added_broken))
    total_ct = float(cols.cost @ read.x) + given.constant_ct
    price, home_price = _prices(given, street, solver)
    return DayPlan(
        charge_wh=read.table(batteries, Role.CHARGE_OWN, Role.CHARGE_IN),
        discharge_wh=read.table(batteries, Role.SERVE, Role.SEND),
        stored_wh=read.table(batteries, Role.STORED),
        car_wh=read.table(cars, Role.CAR_OWN, Role.CAR_IN),
        missing_wh=1e3 * read.x[short],
        held_back_wh=read.table(homes, Role.HOLD_BACK),
        take_wh=read.at_meters(day.need_kwh, TAKES),
        give_wh=read.at_meters(day.surplus_kwh, GIVES),
        retailer_import_wh=read.by_slot(Role.IMPORT),
        retailer_export_wh=read.by_slot(Role.EXPORT),
        price_ueur_kwh=price,
        home_price_ueur_kwh=home_price,
        bindings=_bindings(street, solver),
        cost_neur=round((total_ct - short_ct) * NEUR_PER_CT),
        penalty_neur=round((short_ct + broken_ct) * NEUR_PER_CT),
        runs=solver.runs,
        iterations=solver.iterations,
        rows_added=len(solver.added),
    )


class _Reader:
    """Columns of a solution (kWh) as tables (Wh)."""

    def __init__(self, given: Programme, x: Floats) -> None:
        self.cols, self.slots, self.x = given.columns, given.day.homes.slots, x

    def table(self, rows: int, *roles: Role) -> Floats:
        """Energy of each unit in each slot, all roles together."""
        chosen = self.cols.where(*roles)
        answer = np.zeros((rows, self.slots))
        np.add.at(answer, (self.cols.unit[chosen], self.cols.slot[chosen]), 1e3 * self.x[chosen])
        return answer

    def at_meters(self, base_kwh: Floats, signs: Floats) -> Floats:
        """What each home takes or gives in each slot: the base, and what the columns add by their `signs`."""
        cols = self.cols
        chosen = np.flatnonzero((cols.home >= 0) & (signs[cols.role] != 0))
        answer = base_kwh * 1e3
        moved = 1e3 * signs[cols.role[chosen]] * self.x[chosen]
        np.add.at(answer, (cols.home[chosen], cols.slot[chosen]), moved)
        return np.maximum(answer, 0.0)

    def by_slot(self, role: Role) -> Floats:
        """Energy in each slot."""
        chosen = self.cols.where(role)
        return np.bincount(self.cols.slot[chosen], 1e3 * self.x[chosen], self.slots).astype(np.float64)


def _prices(given: Programme, street: Street, solver: Solver) -> tuple[Ints, Ints]:
    """Price of one kWh more at the transformer and at each home, µ€/kWh, from the duals."""
    day = given.day
    at_transformer = day.grid_fee_ueur_kwh - solver.duals[: day.homes.slots] / CT
    at_homes = np.repeat(at_transformer[None, :], len(day.homes.nodes), axis=0)
    for key, dual in zip(solver.added, solver.added_duals, strict=True):
        if isinstance(key, Limit):
            at_homes[:, key.slot] += street.row(key.element)[0] * dual / CT
    return at_transformer.round().astype(np.int64), at_homes.round().astype(np.int64)


def _bindings(street: Street, solver: Solver) -> tuple[Binding, ...]:
    """Limits with a shadow price or still broken, by slot and element."""
    found = []
    for key, dual, broken in zip(solver.added, solver.added_duals, solver.added_broken, strict=True):
        shadow, broken_wh = round(float(dual) / CT), round(1e3 * float(broken))
        if isinstance(key, Limit) and (shadow or broken_wh):
            element, phase = street.named(key.element)
            side = "import" if key.element.sign > 0 else "export"
            found.append(Binding(key.slot, element, key.element.kind, phase, side, shadow, broken_wh))
    return tuple(sorted(found, key=lambda one: (one.slot, one.kind, one.element, one.phase)))
