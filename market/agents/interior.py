"""Who can be ready at all: a small linear programme, solved by an interior point method in numpy.

    minimise    Σ price·x + dear·Σ missing
    subject to  Σ_t x[t, i] + missing[i] = need[i]        each car
                Σ_i pushes[k, i]·x[t, i] ≤ room[t, k]     each limit and slot
                0 ≤ x ≤ most,  0 ≤ missing

Slots are tied together by the cars' needs only. So each Newton step is one small system a slot, all of them at
once, and one as large as the number of cars (Mehrotra, SIAM J. Optim. 1992; the start is strictly feasible, so
only complementarity is left to reach).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.grid.feeder import Floats

Mask = NDArray[np.bool_]

# What a missing kWh costs, in the highest price: so much that being ready comes first.
DEAR = 1_000.0
STEPS = 80
# Mean product of a distance and its price at which to stop: of the missing energy that is less than a Wh in all.
GAP = 1e-6
# Keeps a slot's matrix regular where more limits are full than cars could tell apart.
STEADY = 1e-9
TO_BOUNDARY = 0.995


class Point(NamedTuple):
    """A pair for each bound: distances from it, and their prices (the same shapes)."""

    low: Floats
    high: Floats
    free: Floats
    missing: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Programme:
    """`price` and `most` are `[slot, car]`, `room` `[slot, limit]`, `pushes` `[limit, car]`, `need` `[car]`; kWh.

    A car may take energy where `most` is above zero, and there every limit that it uses has room.
    """

    price: Floats
    most: Floats
    need: Floats
    pushes: Floats
    room: Floats


def least_missing(asked: Programme) -> Floats:
    """Energy of each car in each slot that leaves as little missing as can be, and then costs least; kWh."""
    open_ = asked.most > 0
    pushed = asked.pushes[None] * open_[:, None, :]
    far, worth = _start(asked, pushed, open_)
    pairs = float(2 * open_.sum() + asked.room.size + len(asked.need))
    for _ in range(STEPS):
        gap = sum(float((a * b).sum()) for a, b in zip(far, worth, strict=True)) / pairs
        if gap < GAP:
            break
        try:
            matrix = _system(far, worth, pushed, open_)
        except np.linalg.LinAlgError:
            break  # every point on the way keeps all limits: this one is as near as figures get
        aim = Point(*(-a * b for a, b in zip(far, worth, strict=True)))
        d_far, d_worth = _direction(far, worth, aim, pushed, open_, matrix)
        ahead, price = (min(1.0, _longest(a, d)) for a, d in ((far, d_far), (worth, d_worth)))
        reached = sum(
            float(((a + ahead * da) * (b + price * db)).sum())
            for a, b, da, db in zip(far, worth, d_far, d_worth, strict=True)
        )
        centre = gap * (max(reached, 0.0) / pairs / gap) ** 3
        aim = Point(*(centre - a * b - da * db for a, b, da, db in zip(far, worth, d_far, d_worth, strict=True)))
        d_far, d_worth = _direction(far, worth, aim, pushed, open_, matrix)
        far = _moved(far, d_far)
        worth = _moved(worth, d_worth)
    return np.where(open_, far.low, 0.0)


def _start(asked: Programme, pushed: Floats, open_: Mask) -> tuple[Point, Point]:
    """A point strictly inside all bounds, and prices that fit it."""
    used = np.einsum("tki,ti->tk", pushed, asked.most)
    fits = np.where(used > 0, asked.room / np.where(used > 0, used, 1.0), np.inf)
    share = 0.5 * np.minimum(1.0, fits.min(axis=1, initial=np.inf))[:, None]
    x = share * asked.most
    x = x * np.minimum(1.0, 0.9 * asked.need / np.maximum(x.sum(axis=0), 1e-12))[None]
    far = Point(
        np.where(open_, x, 1.0),
        np.where(open_, asked.most - x, 1.0),
        asked.room - np.einsum("tki,ti->tk", pushed, x),
        asked.need - x.sum(axis=0),
    )
    high, free = np.ones_like(x), np.ones_like(asked.room)
    low = asked.price + np.einsum("tki,tk->ti", pushed, free) + high
    return far, Point(low, high, free, np.full(len(asked.need), DEAR))


def _system(far: Point, worth: Point, pushed: Floats, open_: Mask) -> Floats:
    """The inverse of every slot's matrix, zero where a car cannot take."""
    weights = (worth.free / far.free)[:, :, None] * pushed
    matrix = np.matmul(pushed.transpose(0, 2, 1), weights)
    cars = np.arange(matrix.shape[1])
    matrix[:, cars, cars] += worth.low / far.low + worth.high / far.high + STEADY
    return np.asarray(np.linalg.inv(matrix) * open_[:, :, None] * open_[:, None, :])


def _direction(
    far: Point, worth: Point, aim: Point, pushed: Floats, open_: Mask, inverse: Floats
) -> tuple[Point, Point]:
    """The Newton step of distances and of prices that changes every product by `aim`."""
    pull = aim.low / far.low - aim.high / far.high - np.einsum("tki,tk->ti", pushed, aim.free / far.free)
    pulled = np.einsum("tij,tj->ti", inverse, pull)
    cars = inverse.sum(axis=0) + np.diag(far.missing / worth.missing)
    d_need = np.linalg.solve(cars, -pulled.sum(axis=0) - aim.missing / worth.missing)
    dx = pulled + np.einsum("tij,j->ti", inverse, d_need)
    used = np.einsum("tki,ti->tk", pushed, dx)
    d_far = Point(dx, -dx, -used, (aim.missing + far.missing * d_need) / worth.missing)
    d_worth = Point(
        *((change - price * step) / size for change, price, step, size in zip(aim, worth, d_far, far, strict=True))
    )
    return d_far, Point(np.where(open_, d_worth.low, 0.0), np.where(open_, d_worth.high, 0.0), *d_worth[2:])


def _longest(values: Point, step: Point) -> float:
    """How far a step may go before a value is zero; at most the whole step is taken."""
    parts = [(a[d < 0] / -d[d < 0]).min(initial=np.inf) for a, d in zip(values, step, strict=True) if a.size]
    return float(min(parts, default=np.inf))


def _moved(values: Point, step: Point) -> Point:
    length = min(1.0, TO_BOUNDARY * _longest(values, step))
    return Point(*(a + length * d for a, d in zip(values, step, strict=True)))
