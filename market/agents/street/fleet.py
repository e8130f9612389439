"""A street as arrays: what its homes own, and what happens to them in weeks that are lived side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NO_LIMIT = float("inf")


@dataclass(frozen=True, eq=False, slots=True)
class Fleet:
    """Homes, one entry each; what a home does not have is 0. Powers are AC, `efficiency` is one way (0 to 1).

    The limits (W) hold for the whole street at its transformer. `load_ueur_kwh` is what a kWh is worth to loads
    that may stay off (None: nobody has any).
    """

    capacity_wh: Floats
    charge_w: Floats
    discharge_w: Floats
    efficiency: Floats
    reserve_wh: Floats
    car_w: Floats
    import_limit_w: float = NO_LIMIT
    export_limit_w: float = NO_LIMIT
    load_ueur_kwh: Floats | None = None

    @property
    def batteries(self) -> Ints:
        """The homes that have one."""
        return np.flatnonzero(self.capacity_wh > 0)

    @property
    def cars(self) -> Ints:
        """The homes that have a charger."""
        return np.flatnonzero(self.car_w > 0)

    @property
    def loads(self) -> Ints:
        """The homes that have a load that may stay off."""
        return np.flatnonzero(np.zeros(0) if self.load_ueur_kwh is None else self.load_ueur_kwh > 0)

    @property
    def usable_wh(self) -> float:
        """What all batteries store above their reserves."""
        return float((self.capacity_wh - self.reserve_wh).sum())

    def of(self, homes: Sequence[int]) -> "Fleet":
        """Some of the homes as a street of their own; limits shrink with the number of homes."""
        chosen = np.array(homes, dtype=np.int64)
        share = len(chosen) / len(self.capacity_wh)
        return Fleet(
            self.capacity_wh[chosen],
            self.charge_w[chosen],
            self.discharge_w[chosen],
            self.efficiency[chosen],
            self.reserve_wh[chosen],
            self.car_w[chosen],
            self.import_limit_w * share,
            self.export_limit_w * share,
            None if self.load_ueur_kwh is None else self.load_ueur_kwh[chosen],
        )


@dataclass(frozen=True, eq=False, slots=True)
class Weeks:
    """What happens in spans of equal length; all arrays are `[week, slot, home]`.

    `net_wh` is load less sun without the steered devices; `expected_wh` what was forecast of it one slot before
    (None: the agents see the slot itself). Prices are each home's own retailer's, µ€/kWh. `arrives_wh` is what a
    car that arrives at the start of a slot needs (AC), `leaves` the slot at whose start it goes. `wishes_wh` is
    what loads that may stay off would like in a slot; it is not part of `net_wh`.
    """

    net_wh: Floats
    import_ueur_kwh: Floats
    feed_in_ueur_kwh: Floats
    arrives_wh: Floats
    leaves: Ints
    slot_minutes: int = 60
    expected_wh: Floats | None = None
    wishes_wh: Floats | None = None

    @property
    def count(self) -> int:
        """How many weeks."""
        return int(self.net_wh.shape[0])

    @property
    def slots(self) -> int:
        """Slots of each."""
        return int(self.net_wh.shape[1])

    def of(self, homes: Sequence[int]) -> "Weeks":
        """The same weeks of some of the homes."""
        chosen = np.array(homes, dtype=np.int64)
        return replace(
            self,
            net_wh=self.net_wh[..., chosen],
            import_ueur_kwh=self.import_ueur_kwh[..., chosen],
            feed_in_ueur_kwh=self.feed_in_ueur_kwh[..., chosen],
            arrives_wh=self.arrives_wh[..., chosen],
            leaves=self.leaves[..., chosen],
            expected_wh=None if self.expected_wh is None else self.expected_wh[..., chosen],
            wishes_wh=None if self.wishes_wh is None else self.wishes_wh[..., chosen],
        )

    def pick(self, weeks: Sequence[int]) -> "Weeks":
        """Some of the weeks."""
        chosen = np.array(weeks, dtype=np.int64)
        return replace(
            self,
            net_wh=self.net_wh[chosen],
            import_ueur_kwh=self.import_ueur_kwh[chosen],
            feed_in_ueur_kwh=self.feed_in_ueur_kwh[chosen],
            arrives_wh=self.arrives_wh[chosen],
            leaves=self.leaves[chosen],
            expected_wh=None if self.expected_wh is None else self.expected_wh[chosen],
            wishes_wh=None if self.wishes_wh is None else self.wishes_wh[chosen],
        )
