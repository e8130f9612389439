"""Which fixed coefficients would have suited a year best: a linear programme over what each share is worth.

With a fixed share β a member saves Σ min(β·G, c)·(p − s) + β·ΣG·s, G being the common production of an hour, c
its own need, p its retailer's price and s what surplus brings. That is concave and piecewise linear in β, so its
pieces are the columns of a linear programme (cvxpy, HiGHS). Neighbouring pieces are merged into a few hundred,
which states a little less than is saved; the answer is checked on the hours themselves, in whole Wh. The monthly
cap of the compensation is left out: where surplus is often capped, the gain is overstated. Only workers and
commands import this module, because cvxpy takes seconds to load.
"""

from dataclasses import dataclass
from typing import NamedTuple

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray

from market.settlement.apportion import apportion

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MILLION = 1_000_000
PIECES = 240
MOST, FAIREST = "most", "fairest"
EUR = 1e9


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
        if self.production_wh.shape != shape[:1] or not shape[1]:
            raise ValueError("The production must cover the same hours, and there must be members.")


class Advice(NamedTuple):
    """Coefficients in millionths that add up to one, and what each member saves a year by them and by those of
    today (n€, against having no share at all).
    """

    beta_ppm: tuple[int, ...]
    saving_neur: tuple[int, ...]
    today_neur: tuple[int, ...]

    @property
    def gain_neur(self) -> int:
        """What the members gain together against today."""
        return sum(self.saving_neur) - sum(self.today_neur)


def advise(curves: Curves, today_ppm: tuple[int, ...] | None = None, aim: str = MOST) -> Advice:
    """Coefficients with which the members save most together, or the one who gains least gains most (`fairest`).

    Nobody saves less than with those of today (None: without a share). Where rounding to millionths would break
    that, or nothing better is found, today's stay; without today's, equal ones stand in. Raises ValueError for an
    aim that does not exist, and ArithmeticError if the solver finds no answer.
    """
    if aim not in {MOST, FAIREST}:
        raise ValueError(f"Unknown aim {aim}; there are {MOST}, {FAIREST}.")
    members = curves.need_wh.shape[1]
    today = savings(curves, today_ppm) if today_ppm is not None else (0,) * members
    usual = today_ppm or tuple(apportion(MILLION, [1] * members))
    shares = _solved(curves, today_ppm, aim)
    beta = tuple(apportion(MILLION, [round(share * 1e9) for share in shares]))
    found = savings(curves, beta)
    if any(new < old for new, old in zip(found, today, strict=True)) or _worth(found, today, aim) < _worth(
        savings(curves, usual), today, aim
    ):
        beta, found = usual, savings(curves, usual)
    return Advice(beta, found, today)


def savings(curves: Curves, beta_ppm: tuple[int, ...]) -> tuple[int, ...]:
    """What each member saves in the year with these coefficients, n€, in whole Wh an hour (rounded down)."""
    given = curves.production_wh[:, None] * np.array(beta_ppm, dtype=np.int64)[None] // MILLION
    own = np.minimum(given, curves.need_wh)
    saved = own * curves.price_ueur_kwh + (given - own) * curves.surplus_ueur_kwh
    return tuple(int(one) for one in saved.sum(axis=0))


def _worth(saved: tuple[int, ...], today: tuple[int, ...], aim: str) -> int:
    gains = [new - old for new, old in zip(saved, today, strict=True)]
    return sum(gains) if aim == MOST else min(gains)


def _solved(curves: Curves, today_ppm: tuple[int, ...] | None, aim: str) -> Floats:
    """Each member's share as the programme has it."""
    pieces = [_pieces(curves, i) for i in range(curves.need_wh.shape[1])]
    before = [
        0.0 if today_ppm is None else _stated(*piece, today_ppm[i] / MILLION) for i, piece in enumerate(pieces)
    ]
    columns = [cp.Variable(len(widths), nonneg=True) for widths, _slopes in pieces]
    saved = [slopes @ column for (_widths, slopes), column in zip(pieces, columns, strict=True)]
    shares = [cp.sum(column) for column in columns]
    limits = [cp.sum(cp.hstack(shares)) == 1]
    limits += [column <= widths for (widths, _slopes), column in zip(pieces, columns, strict=True)]
    gains = [own - least for own, least in zip(saved, before, strict=True)]
    limits += [gain >= 0 for gain in gains]
    total = cp.sum(cp.hstack(saved))
    if aim == FAIREST:
        least_gain = cp.Variable()
        _solve(cp.Problem(cp.Maximize(least_gain), limits + [gain >= least_gain for gain in gains]))
        # Among the fairest the one that saves most together.
        limits += [gain >= float(least_gain.value) - 1e-6 for gain in gains]
    _solve(cp.Problem(cp.Maximize(total), limits))
    return np.array([max(float(column.value.sum()), 0.0) for column in columns])


def _solve(problem: cp.Problem) -> None:
    problem.solve(solver=cp.HIGHS)
    if problem.status not in {cp.OPTIMAL, cp.OPTIMAL_INACCURATE}:
        raise ArithmeticError(f"No coefficients were found: {problem.status}.")


def _pieces(curves: Curves, member: int) -> tuple[Floats, Floats]:
    """Widths of β, and what a whole share more would save there, € a year: falling."""
    produced = curves.production_wh.astype(float)
    sunny = produced > 0
    worth = (curves.price_ueur_kwh[:, member] - curves.surplus_ueur_kwh[:, member])[sunny] * produced[sunny] / EUR
    base = float((curves.surplus_ueur_kwh[:, member] * produced).sum()) / EUR
    until = np.minimum(curves.need_wh[sunny, member] / produced[sunny], 1.0)
    order = np.argsort(until)
    ends = np.concatenate((until[order], [1.0]))
    widths = np.diff(ends, prepend=0.0)
    slopes = base + worth.sum() - np.concatenate(([0.0], np.cumsum(worth[order])))
    return _merged(widths, slopes)


def _stated(widths: Floats, slopes: Floats, share: float) -> float:
    """What a share saves as the merged pieces state it, € a year."""
    return float((np.clip(share - (np.cumsum(widths) - widths), 0.0, widths) * slopes).sum())


def _merged(widths: Floats, slopes: Floats) -> tuple[Floats, Floats]:
    """Neighbouring pieces made one by their mean slope; what the whole share saves stays the same."""
    real = widths > 0
    widths, slopes = widths[real], slopes[real]
    if len(widths) <= PIECES:
        return widths, slopes
    place = np.minimum((np.cumsum(widths) - widths / 2) * PIECES, PIECES - 1).astype(int)
    sums = np.asarray(np.bincount(place, widths, PIECES), dtype=float)
    worths = np.asarray(np.bincount(place, widths * slopes, PIECES), dtype=float)
    kept = sums > 0
    return sums[kept], worths[kept] / sums[kept]
