"""Devices that an agent can steer, with the conversion between AC energy and stored energy."""

from dataclasses import dataclass
from datetime import datetime

from market.agents.windows import CarWindows

PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery at the start of a slot. `efficiency_ppm` is one way, in parts per million.

    Powers are AC, `capacity_wh` and `soc_wh` are stored energy. `given_today_wh` (AC) is what it has given, or
    been asked to give, since local midnight. Raises ValueError if they are impossible.
    """

    id: int
    capacity_wh: int
    charge_w: int
    discharge_w: int
    efficiency_ppm: int
    soc_wh: int
    given_today_wh: int = 0

    def __post_init__(self) -> None:
        if self.capacity_wh <= 0:
            raise ValueError(f"Battery {self.id} needs a capacity above zero.")
        if self.charge_w < 0 or self.discharge_w < 0:
            raise ValueError(f"Battery {self.id} has a negative power.")
        if not 0 < self.efficiency_ppm <= PPM:
            raise ValueError(f"Battery {self.id} needs an efficiency above 0 and up to {PPM} ppm.")
        if not 0 <= self.soc_wh <= self.capacity_wh:
            raise ValueError(f"Battery {self.id} stores {self.soc_wh} Wh of {self.capacity_wh} Wh.")
        if self.given_today_wh < 0:
            raise ValueError(f"Battery {self.id} has given less than nothing today.")

    def stored_wh(self, ac_wh: int) -> int:
        """Change of stored energy (Wh) when `ac_wh` flows at the AC side; + charges, − discharges.

        Losses are rounded up in both directions, so that no energy is made by rounding.

        >>> battery = Battery(1, 10_000, 5_000, 5_000, 950_000, 5_000)
        >>> battery.stored_wh(1_000), battery.stored_wh(-950)
        (950, -1000)
        """
        if ac_wh >= 0:
            return ac_wh * self.efficiency_ppm // PPM
        return ac_wh * PPM // self.efficiency_ppm

    def most_charge_wh(self, slot_minutes: int) -> int:
        """AC energy (Wh) that the battery can take in one slot without passing its power or capacity."""
        room_wh = self.capacity_wh - self.soc_wh
        return min(self.charge_w * slot_minutes // 60, room_wh * PPM // self.efficiency_ppm)

    def most_discharge_wh(self, slot_minutes: int, held_wh: int) -> int:
        """AC energy (Wh) that it can give in one slot within its power, keeping `held_wh`."""
        spare_wh = max(self.soc_wh - held_wh, 0)
        return min(self.discharge_w * slot_minutes // 60, spare_wh * self.efficiency_ppm // PPM)

    def held_wh(self, pct: int) -> int:
        """Stored energy (Wh) that a reserve of `pct` percent keeps back, rounded up."""
        return -(-self.capacity_wh * pct // 100)


@dataclass(frozen=True, slots=True)
class EvCharger:
    """A car charger: power at the AC side, and what the car that stands there still needs (Wh, AC).

    `ready_by` is when the car leaves (aware), or None if nobody said so. `windows` is when it is to charge among
    the street's other cars, from the slot in question on; None: it is not coordinated with them.
    """

    id: int
    charge_w: int
    plugged_in: bool = False
    need_wh: int = 0
    ready_by: datetime | None = None
    windows: CarWindows | None = None

    def __post_init__(self) -> None:
        if self.charge_w <= 0:
            raise ValueError(f"Charger {self.id} needs a power above zero.")
        if self.need_wh < 0:
            raise ValueError(f"Charger {self.id} has a negative need.")
        if self.ready_by is not None and self.ready_by.tzinfo is None:
            raise ValueError(f"Charger {self.id} needs an aware `ready_by`.")

    def most_wh(self, slot_minutes: int) -> int:
        """AC energy (Wh) that the car can take in one slot."""
        return min(self.charge_w * slot_minutes // 60, self.need_wh) if self.plugged_in else 0


@dataclass(frozen=True, slots=True)
class Curtailable:
    """A load that may stay off: the energy (Wh, AC) that it would like in the slot, and what a kWh is worth to its
    owner (µ€/kWh). What it does not get is not made up for.
    """

    id: int
    wish_wh: int
    worth_ueur_kwh: int

    def __post_init__(self) -> None:
        if self.wish_wh < 0 or self.worth_ueur_kwh < 0:
            raise ValueError(f"Load {self.id} has a negative wish or worth.")
