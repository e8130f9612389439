"""Which coefficients would have suited a year best: a linear programme over what each share is worth.

With a share β in a group of hours a member saves Σ min(β·G, c)·(p − s) + β·ΣG·s, G being the common production of
an hour, c its own need, p its retailer's price and s what surplus brings. That is concave and piecewise linear in
β, so its pieces are the columns of a linear programme (cvxpy, HiGHS). One group is a fixed coefficient; groups by
the hour of the clock, the month and the kind of day make hourly ones that may be expected to suit another year,
as those of every single hour would not. Of many pieces neighbouring ones are merged, which states a little less
than is saved; the answer is checked on the hours themselves, in whole Wh. The monthly cap of the compensation is
left out: where surplus is often capped, the gain is overstated. Only workers and commands import this module,
because cvxpy takes seconds to load.
"""

from dataclasses import dataclass
from typing import NamedTuple

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from market.settlement.apportion import apportion
from market.settlement.coefficients.curves import MILLION, Curves, Floats, Ints, by_hour, savings, unrounded, whole

PIECES = 240
MOST, FAIREST = "most", "fairest"
EUR = 1e9
# How often it is tried again with more room for those whom rounding put below today.
ATTEMPTS = 4
LEAST_ROOM_EUR = 0.001


class Advice(NamedTuple):
    """Coefficients in millionths by group and member, each row adding up to one, and what each member saves a year
    by them and by those of today (n€, against having no share at all).
    """

    rows_ppm: Ints
    saving_neur: tuple[int, ...]
    today_neur: tuple[int, ...]

    @property
    def beta_ppm(self) -> tuple[int, ...]:
        """The first group's coefficients: all of them, if they are fixed."""
        return tuple(int(one) for one in self.rows_ppm[0])

    @property
    def gain_neur(self) -> int:
        """What the members gain together against today."""
        return sum(self.saving_neur) - sum(self.today_neur)


def advise(
    curves: Curves, today_ppm: Ints | None = None, aim: str = MOST, group: Ints | None = None
) -> Advice | None:
    """Coefficients with which the members save most together, or the one who gains least gains most (`fairest`).

    `group` numbers the hours from 0: those with the same number share coefficients (None: all do). `today_ppm` are
    those of today by member, or by hour and member (None: nobody has a share). Nobody saves less than today: where
    rounding to millionths would break that, more room is asked for. None if nothing better than today is found;
    who has no share today gets equal ones at least. Groups in which nothing was made get the mean of the others.
    Raises ValueError for an aim or groups that cannot be, and ArithmeticError if the solver fails.
    """
    if aim not in {MOST, FAIREST}:
        raise ValueError(f"Unknown aim {aim}; there are {MOST}, {FAIREST}.")
    hours, members = curves.need_wh.shape
    group = np.zeros(hours, dtype=np.int64) if group is None else group
    if group.shape != (hours,) or group.min() < 0:
        raise ValueError(f"Number each of the {hours} hours with its group, from 0 on.")
    today = savings(curves, today_ppm) if today_ppm is not None else (0,) * members
    programme = _Programme(curves, group, today_ppm)
    room = np.zeros(members)
    for _attempt in range(ATTEMPTS):
        shares = programme.solved(aim, room)
        if shares is None:
            break
        rows = whole(shares)
        found = Advice(rows, savings(curves, rows[group]), today)
        short = np.array([old - new for new, old in zip(found.saving_neur, today, strict=True)]) / EUR
        if (short <= 0).all():
            return found if today_ppm is None or _worth(found, aim) > 0 else None
        room += np.where(short > 0, np.maximum(2 * short, LEAST_ROOM_EUR), 0.0)
    return None if today_ppm is not None else _equal(curves, group)


def _worth(found: Advice, aim: str) -> int:
    gains = [new - old for new, old in zip(found.saving_neur, found.today_neur, strict=True)]
    return sum(gains) if aim == MOST else min(gains)


def _equal(curves: Curves, group: Ints) -> Advice:
    members = curves.need_wh.shape[1]
    row = apportion(MILLION, [1] * members)
    rows = np.array([row] * (int(group.max()) + 1), dtype=np.int64)
    return Advice(rows, savings(curves, rows[group]), (0,) * members)


@dataclass(frozen=True, eq=False, slots=True)
class _Piece:
    """Widths of a member's share in a group, and what a whole share more would save there, € a year: falling."""

    widths: Floats
    slopes: Floats

    def stated(self, share: float) -> float:
        """What a share saves as these pieces have it, € a year."""
        return float(
            (np.clip(share - (np.cumsum(self.widths) - self.widths), 0.0, self.widths) * self.slopes).sum()
        )


class _Programme:
    """The linear programme: a column for each piece, a row for each group's sum and each member's saving."""

    def __init__(self, curves: Curves, group: Ints, today_ppm: Ints | None) -> None:
        self.groups, self.members = int(group.max()) + 1, curves.need_wh.shape[1]
        order = [np.flatnonzero((group == number) & (curves.production_wh > 0)) for number in range(self.groups)]
        pieces = [[_pieces(curves, hours, member) for hours in order] for member in range(self.members)]
        flat = [piece for own in pieces for piece in own]
        counts = [len(piece.widths) for piece in flat]
        places = np.repeat(np.arange(len(flat)), counts)
        self.widths = np.concatenate([piece.widths for piece in flat])
        columns = np.arange(len(self.widths))
        slopes = np.concatenate([piece.slopes for piece in flat])
        whose, when = places // self.groups, places % self.groups
        ones = np.ones(len(columns))
        self.sum_of = sp.csr_array((ones, (places, columns)), shape=(len(flat), len(columns)))
        self.in_group = sp.csr_array((ones, (when, columns)), shape=(self.groups, len(columns)))
        self.saved_by = sp.csr_array((slopes, (whose, columns)), shape=(self.members, len(columns)))
        self.made_wh = np.bincount(group, curves.production_wh, self.groups)
        self.least = _least(curves, pieces, today_ppm, self.groups)

    def solved(self, aim: str, room: Floats) -> Floats | None:
        """Shares by group and member; None if nobody can be spared with so much room."""
        taken = cp.Variable(len(self.widths), nonneg=True)
        gains = self.saved_by @ taken - self.least - room
        limits = [taken <= self.widths, self.in_group @ taken == 1, gains >= 0]
        if aim == FAIREST:
            last = cp.Variable()
            if not _solve(cp.Problem(cp.Maximize(last), [*limits, gains >= last])):
                return None
            # Among the fairest the one that saves most together.
            limits = [*limits[:2], gains >= float(last.value) - 1e-6]
        if not _solve(cp.Problem(cp.Maximize(cp.sum(gains)), limits)):
            return None
        shares: Floats = (self.sum_of @ taken.value).reshape(self.members, self.groups).T
        if self.made_wh.any():
            shares[self.made_wh == 0] = np.average(shares, axis=0, weights=self.made_wh)
        return shares


def _least(curves: Curves, pieces: list[list[_Piece]], today_ppm: Ints | None, groups: int) -> Floats:
    """What each member saves today, € a year, as the pieces state it where they are merged."""
    if today_ppm is None:
        return np.zeros(len(pieces))
    if today_ppm.ndim == 1 and groups == 1:
        return np.array([own[0].stated(today_ppm[i] / MILLION) for i, own in enumerate(pieces)])
    return unrounded(curves, by_hour(curves, today_ppm)) / EUR


def _solve(problem: cp.Problem) -> bool:
    """Whether there is an answer. Raises ArithmeticError if the solver cannot tell."""
    problem.solve(solver=cp.HIGHS)
    if problem.status in {cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE}:
        return False
    if problem.status not in {cp.OPTIMAL, cp.OPTIMAL_INACCURATE}:
        raise ArithmeticError(f"No coefficients were found: {problem.status}.")
    return True


def _pieces(curves: Curves, hours: Ints, member: int) -> _Piece:
    """What a member's share in some sunny hours is worth."""
    produced = curves.production_wh[hours].astype(float)
    surplus = curves.surplus_ueur_kwh[hours, member]
    worth = (curves.price_ueur_kwh[hours, member] - surplus) * produced / EUR
    base = float((surplus * produced).sum()) / EUR
    until = np.minimum(curves.need_wh[hours, member] / produced, 1.0)
    order = np.argsort(until)
    ends = np.concatenate((until[order], [1.0]))
    widths = np.diff(ends, prepend=0.0)
    slopes = base + worth.sum() - np.concatenate(([0.0], np.cumsum(worth[order])))
    return _merged(widths, slopes)


def _merged(widths: Floats, slopes: Floats) -> _Piece:
    """Neighbouring pieces made one by their mean slope; what the whole share saves stays the same."""
    real = widths > 0
    widths, slopes = widths[real], slopes[real]
    if len(widths) <= PIECES:
        return _Piece(widths, slopes)
    place = np.minimum((np.cumsum(widths) - widths / 2) * PIECES, PIECES - 1).astype(int)
    sums = np.asarray(np.bincount(place, widths, PIECES), dtype=float)
    worths = np.asarray(np.bincount(place, widths * slopes, PIECES), dtype=float)
    kept = sums > 0
    return _Piece(sums[kept], worths[kept] / sums[kept])
