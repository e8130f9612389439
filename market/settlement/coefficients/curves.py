"""A year of a common installation and its members by the hour, and what coefficients would have saved in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from community.tariffs import is_off_peak_day
from market.settlement.apportion import apportion

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MILLION = 1_000_000


@dataclass(frozen=True, eq=False, slots=True)
class Curves:
    """A year by the hour: common production `[hour]`, and need, price and surplus price by member `[hour, member]`
    (Wh, µ€/kWh).
    """

    production_wh: Ints
    need_wh: Ints
    price_ueur_kwh: Ints
    surplus_ueur_kwh: Ints

    def __post_init__(self) -> None:
        shape = self.need_wh.shape
        if self.price_ueur_kwh.shape != shape or self.surplus_ueur_kwh.shape != shape:
            raise ValueError("Need and prices must cover the same hours and members.")
        if self.production_wh.shape != shape[:1] or not all(shape):
            raise ValueError("The production must cover the same hours, and there must be members.")


def by_hour(curves: Curves, beta_ppm: Ints) -> Ints:
    """Coefficients by hour and member, whether they are fixed or hourly already. Raises ValueError for others."""
    if beta_ppm.shape not in {curves.need_wh.shape, curves.need_wh.shape[1:]}:
        raise ValueError("Coefficients are by member, or by hour and member.")
    return np.broadcast_to(beta_ppm, curves.need_wh.shape)


def savings(curves: Curves, beta_ppm: Ints) -> tuple[int, ...]:
    """What each member saves in the year with these coefficients, n€, in whole Wh an hour (rounded down)."""
    given = curves.production_wh[:, None] * by_hour(curves, beta_ppm) // MILLION
    own = np.minimum(given, curves.need_wh)
    saved = own * curves.price_ueur_kwh + (given - own) * curves.surplus_ueur_kwh
    return tuple(int(one) for one in saved.sum(axis=0))


def unrounded(curves: Curves, beta_ppm: Ints) -> Floats:
    """What each member saves, n€, before any Wh is rounded."""
    given = curves.production_wh[:, None] * by_hour(curves, beta_ppm) / MILLION
    own = np.minimum(given, curves.need_wh)
    saved: Floats = (own * curves.price_ueur_kwh + (given - own) * curves.surplus_ueur_kwh).sum(axis=0)
    return saved


GROUPS = 576


def groups_of(starts: Sequence[datetime]) -> Ints:
    """The number of each local hour's group: by hour of the clock, month and kind of day."""
    told = [(at.hour, at.month, int(is_off_peak_day(at.date()))) for at in starts]
    clock, month, quiet = np.array(told, dtype=np.int64).reshape(-1, 3).T
    return clock_groups(clock, month, quiet)


def clock_groups(clock_hour: Ints, month: Ints, off_peak_day: Ints) -> Ints:
    """A number for each hour of the clock (0 to 23), month (1 to 12) and kind of day (0, 1): up to 576."""
    groups: Ints = (month - 1) * 48 + off_peak_day * 24 + clock_hour
    return groups


def whole(shares: Floats) -> Ints:
    """Shares as millionths that add up to one in each group."""
    whole = np.rint(np.maximum(shares, 0.0) * 1e9).astype(np.int64)
    return np.array([apportion(MILLION, row) for row in whole.tolist()], dtype=np.int64)
