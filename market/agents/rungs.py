"""What stored energy can do in a slot: the rungs of a battery's ladder, over its state of charge."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
RUNGS = 4  # a battery's offers and wishes in a slot, each side: enough to follow the curve, few enough to read


class Batteries(Protocol):
    """What a ladder needs to know of batteries, one entry a home; powers are AC (W), efficiency one way."""

    @property
    def capacity_wh(self) -> Floats: ...
    @property
    def charge_w(self) -> Floats: ...
    @property
    def discharge_w(self) -> Floats: ...
    @property
    def efficiency(self) -> Floats: ...
    @property
    def reserve_wh(self) -> Floats: ...


class Rungs(NamedTuple):
    """Equal parts of what batteries can take and give in a slot, `[street, battery, rung]`, nearest first.

    `fill_at` and `give_at` are the shares of the usable capacity in the middle of each part, the energies AC Wh.
    """

    fill_at: Floats
    give_at: Floats
    fill_wh: Floats
    give_wh: Floats


def battery_rungs(stored_wh: Floats, have: Batteries, batteries: Ints, hours: float) -> Rungs:
    """The rungs of `batteries` with `stored_wh` `[street, battery]` in a slot of so many hours."""
    efficiency, capacity = have.efficiency[batteries], have.capacity_wh[batteries]
    reserve = have.reserve_wh[batteries]
    room = np.minimum(have.charge_w[batteries] * hours * efficiency, capacity - stored_wh)
    spare = np.minimum(have.discharge_w[batteries] * hours / efficiency, np.maximum(stored_wh - reserve, 0))
    middle = (np.arange(RUNGS) + 0.5) / RUNGS
    usable = np.maximum(capacity - reserve, 1.0)[None, :, None]
    level = (stored_wh - reserve)[:, :, None]
    return Rungs(
        fill_at=(level + middle * room[:, :, None]) / usable,
        give_at=(level - middle * spare[:, :, None]) / usable,
        fill_wh=np.repeat((room / efficiency / RUNGS)[:, :, None], RUNGS, axis=2),
        give_wh=np.repeat((spare * efficiency / RUNGS)[:, :, None], RUNGS, axis=2),
    )
