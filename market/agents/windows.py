"""A car that wants to be charged, and the windows in which it does, as slots counted from the first."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Car:
    """A car at charger `id` that needs `need_wh` (AC) in the slots `[first, until)`, at `charge_w` at most.

    `prices_ueur_kwh` is what a kWh is expected to cost its home in each slot.
    Raises ValueError for a power, need or price series that cannot be.
    """

    id: int
    charge_w: int
    need_wh: int
    first: int
    until: int
    prices_ueur_kwh: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.charge_w <= 0 or self.need_wh < 0 or self.first < 0:
            raise ValueError(f"Car {self.id} needs a power above zero, and no negative need or slot.")
        if self.until > len(self.prices_ueur_kwh):
            raise ValueError(f"Car {self.id} needs a price for every slot until it leaves.")


@dataclass(frozen=True, slots=True)
class Lack:
    """What a car will not have when it leaves, and why.

    `reason` is no_time (it could not be ready alone either) or grid_full, then with the limit's `kind` and
    `element` and the slots `[full_from, full_until)` in which it is full. `ready` is the slot at whose start the
    car would be ready if it stayed; None: not within the horizon.
    """

    missing_wh: int
    reason: str
    kind: str = ""
    element: str = ""
    full_from: int = 0
    full_until: int = 0
    ready: int | None = None


@dataclass(frozen=True, slots=True)
class CarWindows:
    """Energy (Wh, AC) that a car takes in each slot; `late_s` is how many seconds after its slot's start each
    window begins, by that slot.
    """

    energy_wh: tuple[int, ...]
    late_s: dict[int, int]
    lack: Lack | None = None

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First slot and end of each window.

        >>> CarWindows((0, 900, 900, 0, 50), {}).spans
        [(1, 3), (4, 5)]
        """
        found: list[tuple[int, int]] = []
        for slot, energy_wh in enumerate(self.energy_wh):
            if not energy_wh:
                continue
            if found and found[-1][1] == slot:
                found[-1] = found[-1][0], slot + 1
            else:
                found.append((slot, slot + 1))
        return found
