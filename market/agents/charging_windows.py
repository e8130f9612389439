"""When the cars of a street charge: inside its limits all together, ready when they leave, in the cheapest slots.

Cars with the least time to spare choose first, each its cheapest slots (`fill`): whole windows, in a millisecond;
first with a little of each limit kept back, then with all of it. That is exact wherever everybody is ready. If
somebody is not, a linear programme (`interior.py`) says which energies leave the least missing at all, and its
answer, in whole Wh, replaces the first. Its last Wh are filled up as before, so by rounding a car lacks at most
one Wh a slot.

Cars count in the order of their ids, whatever order they come in, so the same street always answers the same.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from market.agents.interior import Programme, least_missing
from market.agents.windows import Car, CarWindows, Lack
from market.grid import Limit, Room
from market.grid.feeder import Floats, Ints

# A window starts up to so many seconds after its slot, by car, so that a street never starts in one second.
LATEST_S = 120
# At first a slot is taken only if it has this part of the car's power, so that windows do not crumble.
WORTHWHILE = 4
# At first so much of each limit is kept for what the forecast of the other load misses.
KEPT_PCT = 10
# A limit that one car can use less than so many Wh of is full.
NEARLY_WH = 1.0
HOUR_S = 3_600


def charging_windows(cars: Sequence[Car], room: Room, slot_minutes: int) -> dict[int, CarWindows]:
    """Windows of every car by its id; column k of `room` is `cars[k]`. Energy in whole Wh.

    Every limit of the room is kept, no car takes more than its power or need, and a car lacks energy only if
    the least missing of the street leaves it some.
    """
    order = sorted(range(len(cars)), key=lambda k: cars[k].id)
    sorted_cars = [cars[k] for k in order]
    if not sorted_cars:
        return {}
    fleet = _Fleet(sorted_cars, room, order, slot_minutes)
    kept_wh = fleet.keep(KEPT_PCT)
    fleet.fill(WORTHWHILE)
    fleet.left_wh += kept_wh
    fleet.fill(WORTHWHILE)
    fleet.fill(None)
    if fleet.missing_wh.any() and fleet.pushes.any():
        best = _Fleet(sorted_cars, room, order, slot_minutes)
        best.take(np.floor(fleet.least_missing() + 1e-3).astype(np.int64))
        best.fill(None)
        if best.missing_wh.sum() < fleet.missing_wh.sum():
            fleet = best
    late = fleet.stagger()
    return {
        car.id: CarWindows(tuple(fleet.energy_wh[k].tolist()), late[k], fleet.lack(k))
        for k, car in enumerate(sorted_cars)
    }


class _Fleet:
    """The cars with what they take so far: `energy_wh[car, slot]` beside `left_wh[limit, slot]`."""

    def __init__(self, cars: Sequence[Car], room: Room, columns: Sequence[int], slot_minutes: int) -> None:
        slots = max(len(car.prices_ueur_kwh) for car in cars)
        self.cars: Sequence[Car] = cars
        self.slot_minutes = slot_minutes
        self.limits: Sequence[Limit] = room.limits
        self.pushes: Floats = room.pushes[:, columns]
        self.left_wh: Floats = room.left_w[:, :slots] * slot_minutes / 60
        self.most_wh = np.array([car.charge_w * slot_minutes // 60 for car in cars], dtype=np.int64)
        self.need_wh = np.array([car.need_wh for car in cars], dtype=np.int64)
        self.energy_wh: Ints = np.zeros((len(cars), slots), dtype=np.int64)

    @property
    def missing_wh(self) -> Ints:
        return np.asarray(self.need_wh - self.energy_wh.sum(axis=1))

    def take(self, energy_wh: Ints) -> None:
        """Take so much more in each slot (negative: less)."""
        self.energy_wh += energy_wh
        self.left_wh -= self.pushes @ energy_wh

    def keep(self, pct: int) -> Floats:
        """Keep a part of every limit for others; returns what was kept (Wh, as `left_wh`), to be given back."""
        hours = self.slot_minutes / 60
        most_wh = np.array([abs(limit.most) * hours * pct / 100 for limit in self.limits]).reshape(-1, 1)
        kept_wh = np.minimum(self.left_wh, most_wh)
        self.left_wh -= kept_wh
        return np.asarray(kept_wh)

    def room_wh(self, k: int) -> Ints:
        """Whole Wh that a car could take more in each slot, whether it is there or not."""
        own = self.most_wh[k] - self.energy_wh[k]
        uses = self.pushes[:, k] > 0
        if not uses.any():
            return np.asarray(own)
        free = (self.left_wh[uses] / self.pushes[uses, k][:, None]).min(axis=0)
        return np.asarray(np.minimum(own, np.floor(np.maximum(free, 0.0) + 1e-9).astype(np.int64)))

    def fill(self, part: int | None) -> None:
        """Let each car that lacks energy take its cheapest slots, of equal ones the earliest.

        With `part`, only slots in which it could take that part of its power.
        """
        spare = [(car.until - car.first) * most - need for car, most, need in self._terms()]
        for k in sorted(range(len(self.cars)), key=lambda k: (spare[k], self.cars[k].id)):
            self._fill(k, part)

    def _terms(self) -> list[tuple[Car, int, int]]:
        return list(zip(self.cars, self.most_wh.tolist(), self.need_wh.tolist(), strict=True))

    def _fill(self, k: int, part: int | None) -> None:
        car, missing_wh = self.cars[k], int(self.missing_wh[k])
        if missing_wh <= 0:
            return
        room = self.room_wh(k).tolist()
        least_wh = 1 if part is None else max(int(self.most_wh[k]) // part, 1)
        more = np.zeros_like(self.energy_wh)
        for slot in sorted(range(car.first, car.until), key=lambda slot: (car.prices_ueur_kwh[slot], slot)):
            if room[slot] >= min(least_wh, missing_wh):
                taken_wh = min(room[slot], missing_wh)
                more[k, slot] = taken_wh
                missing_wh -= taken_wh
                if not missing_wh:
                    break
        self.take(more)

    def least_missing(self) -> Floats:
        """The programme's answer for the cars as they came, `[car, slot]` in Wh."""
        whole = self.left_wh + self.pushes @ self.energy_wh
        slots = np.arange(self.energy_wh.shape[1])
        first, until = (np.array([getattr(car, name) for car in self.cars]) for name in ("first", "until"))
        there = (slots[:, None] >= first) & (slots[:, None] < until)
        # A car stays off where a limit that it uses has next to nothing left.
        shut = (self.pushes.T[:, :, None] > whole[None] / NEARLY_WH).any(axis=1).T
        most = np.where(there & ~shut, np.minimum(self.most_wh, self.need_wh), 0) / 1_000
        prices = np.zeros(there.shape)
        for k, car in enumerate(self.cars):
            prices[: len(car.prices_ueur_kwh), k] = car.prices_ueur_kwh
        prices -= prices.min()
        matters = (self.pushes @ self.most_wh)[:, None] > whole
        rows = np.flatnonzero(matters.any(axis=1))
        answer = least_missing(
            Programme(
                price=prices / max(float(prices.max()), 1.0),
                most=most,
                need=np.maximum(self.need_wh, 1) / 1_000,
                pushes=self.pushes[rows],
                room=np.maximum(whole[rows].T, 1e-3) / 1_000,
            )
        )
        return np.asarray(answer.T * 1_000)

    def stagger(self) -> list[dict[int, int]]:
        """Seconds by which each window's start is late, by car and slot; what that costs is taken elsewhere."""
        return [
            {first: self._delay(k, first) for first, _ in CarWindows(tuple(self.energy_wh[k].tolist()), {}).spans}
            for k in range(len(self.cars))
        ]

    def _delay(self, k: int, first: int) -> int:
        """The car's own delay, as far as the slot's energy, or the car's other slots, have room for it."""
        car = self.cars[k]
        wanted_s = car.id * 37 % LATEST_S
        latest_wh = int(self.most_wh[k]) - -(-car.charge_w * wanted_s // HOUR_S)
        over_wh = int(self.energy_wh[k, first]) - latest_wh
        if over_wh > 0 and latest_wh > 0:
            others = self.room_wh(k) * (self.energy_wh[k] > 0)
            others[: first + 1] = 0
            for slot in np.flatnonzero(others >= over_wh).tolist()[-1:]:
                more = np.zeros_like(self.energy_wh)
                more[k, slot], more[k, first] = over_wh, -over_wh
                self.take(more)
        free_wh = int(self.most_wh[k] - self.energy_wh[k, first])
        return min(wanted_s, free_wh * HOUR_S // car.charge_w)

    def lack(self, k: int) -> Lack | None:
        """What the car will not have, and why."""
        car, missing_wh = self.cars[k], int(self.missing_wh[k])
        if missing_wh <= max(car.until - car.first, 0):
            return None  # not more than rounding
        slots = max(car.until - car.first, 0)
        ready = self._ready(k, missing_wh)
        full = self._full(k)
        if slots * int(self.most_wh[k]) < car.need_wh or full is None:
            return Lack(missing_wh, "no_time", ready=ready)
        return replace(full, missing_wh=missing_wh, ready=ready)

    def _ready(self, k: int, missing_wh: int) -> int | None:
        """The slot at whose start the car would be ready if it stayed, as the others charge now."""
        room = self.room_wh(k).tolist()
        for slot in range(max(self.cars[k].until, 0), len(room)):
            missing_wh -= room[slot]
            if missing_wh <= 0:
                return slot + 1
        return None

    def _full(self, k: int) -> Lack | None:
        """The limit that is full in most of the slots in which the car could take more."""
        car = self.cars[k]
        here = slice(car.first, car.until)
        starved = self.energy_wh[k, here] < self.most_wh[k]
        uses = self.pushes[:, k] > 0
        next_to_nothing = NEARLY_WH * (1 + self.pushes[:, k][:, None])
        full = uses[:, None] & starved & (self.left_wh[:, here] < next_to_nothing)
        counts = full.sum(axis=1)
        if not counts.any():
            return None
        row = int(counts.argmax())
        when = np.flatnonzero(full[row]) + car.first
        limit = self.limits[row]
        return Lack(0, "grid_full", limit.kind, limit.element, int(when[0]), int(when[-1]) + 1)
