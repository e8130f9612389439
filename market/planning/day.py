"""A community's day, as the planner takes it: homes, batteries and cars as arrays, one column a slot."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from market.grid.feeder import SHARES, Floats, Ints

PPM = 1_000_000


class DayError(ValueError):
    """The day cannot be planned; the message names the row, the field and what to mend."""


@dataclass(frozen=True, eq=False)
class Homes:
    """What is known of each home: H places on the street, and arrays of H × T (slots).

    `load_wh` and `pv_wh` flow anyway, save that surplus may be held back. The retailer's prices (µ€/kWh) are those
    of each home; arrays of H × 1 hold for the whole day. Raises DayError.
    """

    nodes: tuple[str, ...]
    phases: tuple[str, ...]
    load_wh: Ints
    pv_wh: Ints
    import_ueur_kwh: Ints
    feed_in_ueur_kwh: Ints

    def __post_init__(self) -> None:
        count = len(self.nodes)
        if len(self.phases) != count:
            raise DayError(f"phases names {len(self.phases)} homes, nodes {count}: give one phase for each home.")
        for home, phase in enumerate(self.phases):
            if phase not in SHARES:
                raise DayError(f"Home {home}, phases: {phase!r} is none of {', '.join(SHARES)}.")
        if self.load_wh.ndim != 2:
            raise DayError("load_wh must be an array of homes × slots.")
        for field in ("load_wh", "pv_wh"):
            _check_shape(field, getattr(self, field), {(count, self.slots)})
            _check_not_negative("Home", field, getattr(self, field))
        for field in ("import_ueur_kwh", "feed_in_ueur_kwh"):
            _check_shape(field, getattr(self, field), {(count, self.slots), (count, 1)})
        dear = np.argwhere(self.feed_in_ueur_kwh > self.import_ueur_kwh)
        if len(dear):
            home, slot = dear[0]
            raise DayError(f"Home {home}, slot {slot}, feed_in_ueur_kwh: above what its retailer charges.")

    @property
    def slots(self) -> int:
        """How many slots the day has: 96 quarters of an hour, 92 or 100 when the clock changes."""
        return int(self.load_wh.shape[1])

    @cached_property
    def net_wh(self) -> Ints:
        """Load less sun, H × T; what is below zero is surplus."""
        return self.load_wh - self.pv_wh


@dataclass(frozen=True, eq=False)
class Batteries:
    """Arrays of one figure a battery; at most one battery a home. Powers are AC, energies stored.

    `home` is the row in `Homes`, `held_wh` what must always stay, `final_wh` what must be there at the end, and
    `efficiency_ppm` holds one way. Raises DayError.
    """

    home: Ints
    capacity_wh: Ints
    held_wh: Ints
    initial_wh: Ints
    final_wh: Ints
    charge_w: Ints
    discharge_w: Ints
    efficiency_ppm: Ints

    def __post_init__(self) -> None:
        for field in self.__dataclass_fields__:
            _check_shape(field, getattr(self, field), {self.home.shape})
            _check_not_negative("Battery", field, getattr(self, field))
        homes, counts = np.unique(self.home, return_counts=True)
        if (counts > 1).any():
            twice = homes[counts > 1][0]
            raise DayError(f"Home {twice} has {counts.max()} batteries: add them up to one.")
        rules = {
            "efficiency_ppm": ((self.efficiency_ppm > 0) & (self.efficiency_ppm <= PPM), f"from 1 to {PPM}"),
            "initial_wh": (
                (self.held_wh <= self.initial_wh) & (self.initial_wh <= self.capacity_wh),
                "from held_wh to capacity_wh",
            ),
            "final_wh": (
                (self.held_wh <= self.final_wh) & (self.final_wh <= self.capacity_wh),
                "from held_wh to capacity_wh",
            ),
        }
        for field, (holds, says) in rules.items():
            for battery in np.flatnonzero(~holds)[:1]:
                value = getattr(self, field)[battery]
                raise DayError(f"Battery {battery}, {field}: {value} must lie {says}.")


@dataclass(frozen=True, eq=False)
class Cars:
    """Arrays of one figure a stay at a charger: `energy_wh` (AC) wanted in the slots `[arrives, leaves)`."""

    home: Ints
    arrives: Ints
    leaves: Ints
    energy_wh: Ints
    charge_w: Ints

    def __post_init__(self) -> None:
        for field in self.__dataclass_fields__:
            _check_shape(field, getattr(self, field), {self.home.shape})
            _check_not_negative("Car", field, getattr(self, field))
        for car in np.flatnonzero(self.leaves < self.arrives)[:1]:
            raise DayError(f"Car {car}, leaves: slot {self.leaves[car]} is before it arrives.")


def no_batteries() -> Batteries:
    """A street without batteries."""
    return Batteries(*(np.zeros(0, dtype=np.int64) for _ in Batteries.__dataclass_fields__))


def no_cars() -> Cars:
    """A street without cars."""
    return Cars(*(np.zeros(0, dtype=np.int64) for _ in Cars.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Day:
    """Everything that a day's plan depends on, save the feeder. Limits (W) are the community's; None: no limit."""

    homes: Homes
    batteries: Batteries
    cars: Cars
    slot_minutes: int = 15
    grid_fee_ueur_kwh: int = 0
    import_limit_w: int | None = None
    export_limit_w: int | None = None

    def __post_init__(self) -> None:
        if self.slot_minutes <= 0:
            raise DayError("slot_minutes must be above zero.")
        if self.grid_fee_ueur_kwh < 0:
            raise DayError("grid_fee_ueur_kwh must not be negative.")
        for what, rows in (("Battery", self.batteries.home), ("Car", self.cars.home)):
            for row in np.flatnonzero(rows >= len(self.homes.nodes))[:1]:
                raise DayError(f"{what} {row}, home: there is no home {rows[row]}.")
        for car in np.flatnonzero(self.cars.leaves > self.homes.slots)[:1]:
            raise DayError(f"Car {car}, leaves: the day has {self.homes.slots} slots only.")
        most_wh = self.batteries.charge_w * self.hours * self.homes.slots * self.batteries.efficiency_ppm / PPM
        for battery in np.flatnonzero(self.batteries.initial_wh + most_wh < self.batteries.final_wh)[:1]:
            raise DayError(f"Battery {battery}, final_wh: cannot be reached at its power; ask for less.")

    @property
    def hours(self) -> float:
        """Length of a slot."""
        return self.slot_minutes / 60

    @cached_property
    def base_kwh(self) -> Floats:
        """Firm withdrawals, H × T."""
        return self.homes.net_wh / 1e3

    @cached_property
    def surplus_kwh(self) -> Floats:
        """What each home's sun leaves over, H × T."""
        return np.maximum(-self.base_kwh, 0.0)

    @cached_property
    def need_kwh(self) -> Floats:
        """What each home's sun does not cover, H × T."""
        return np.maximum(self.base_kwh, 0.0)

    def prices_ueur_kwh(self, of: Ints) -> Floats:
        """A retailer's prices for each slot, H × T."""
        return np.broadcast_to(of, self.base_kwh.shape).astype(float)


def _check_shape(field: str, values: Ints, allowed: set[tuple[int, ...]]) -> None:
    if values.shape not in allowed:
        wanted = " or ".join(" × ".join(map(str, shape)) for shape in sorted(allowed))
        raise DayError(f"{field} has the shape {' × '.join(map(str, values.shape))}; it must be {wanted}.")


def _check_not_negative(what: str, field: str, values: Ints) -> None:
    wrong = np.argwhere(values < 0)
    if len(wrong):
        row, *slot = wrong[0]
        at = f", slot {slot[0]}" if slot else ""
        raise DayError(f"{what} {row}{at}, {field}: {values[tuple(wrong[0])]} must not be negative.")
