"""Prices without chance: of all dual optima of a programme the one in their middle.

A solver answers with some corner of the optimal duals, another solver with another. All of them are complementary to
any optimal q, so they form one polyhedron whatever the path: columns strictly between their bounds make equations, all
others inequalities. Where the equations leave nothing open (nearly always) they are the prices. Where they do, one
price after the other, the balance's first, takes the middle of what is left.
"""

from dataclasses import dataclass

import numpy as np

from market.clearing.book import Bools
from market.clearing.programme import Programme, Solution
from market.grid.feeder import Floats, Ints

INTERIOR_KWH = 1e-5  # nearer to a bound than this a column counts as at it
TIGHT = 1e-6  # a limit with less room than this share (or kWh) is full
FLAT = 1e-9  # singular values below this share of the largest are zero
EDGE_MEUR = 1e-7


@dataclass(frozen=True, eq=False, slots=True)
class Face:
    """equations·θ = values and inequalities·θ ≤ bounds, over the rows that may have a price (`open_rows`)."""

    open_rows: Ints
    equations: Floats
    values: Floats
    inequalities: Floats
    bounds: Floats


def canonical_duals(programme: Programme, found: Solution) -> Floats:
    """The price of each row, m€/kWh, the same whatever path led to the optimum."""
    face = _face(programme, found)
    duals = np.zeros(len(programme.rows))
    duals[face.open_rows] = _middle(face, found.duals_meur[face.open_rows])
    return duals


def _face(programme: Programme, found: Solution) -> Face:
    equal, rows = programme.equal, programme.rows
    used = rows[equal:] @ found.q_kwh - found.broken_kwh
    tight = np.abs(used - programme.room) <= TIGHT * np.maximum(1.0, np.abs(programme.room))
    open_rows = np.concatenate((np.arange(equal), equal + np.flatnonzero(tight)))
    gradient = rows[open_rows].T
    lower, upper = _free(programme, found)
    # profit = value − gradient·θ must not be positive where q could rise, nor negative where it could fall.
    equations, values = gradient[lower & upper], programme.value[lower & upper]
    rise, fall = lower & ~upper, upper & ~lower
    signs = np.concatenate((np.zeros(equal), np.ones(int(tight.sum()))))
    positive = -np.eye(len(open_rows))[signs > 0]
    dear = np.eye(len(open_rows))[signs > 0]
    pairs, even = _between_pairs(programme, found, gradient)
    shut = _shut_ways(programme, found, gradient)
    broken = found.broken_kwh[tight] > INTERIOR_KWH
    return Face(
        open_rows,
        np.concatenate((equations, even[0], dear[broken])),
        np.concatenate((values, even[1], np.full(int(broken.sum()), programme.scarcity))),
        np.concatenate((-gradient[rise], gradient[fall], pairs[0], shut[0], positive, dear)),
        np.concatenate((
            -programme.value[rise], programme.value[fall], pairs[1], shut[1],
            np.zeros(len(positive)), np.full(len(dear), programme.scarcity),
        )),
    )  # fmt: skip


def _free(programme: Programme, found: Solution) -> tuple[Bools, Bools]:
    """Columns that could rise, and that could fall; of a pair that is full none may rise by itself."""
    rises = found.q_kwh < programme.upper - INTERIOR_KWH
    falls = found.q_kwh > INTERIOR_KWH
    if len(programme.pairs):
        full = found.q_kwh[programme.pairs].sum(axis=1) >= programme.caps - INTERIOR_KWH
        rises[programme.pairs[full].ravel()] = False
    return rises, falls


def _between_pairs(
    programme: Programme, found: Solution, gradient: Floats
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """In a full pair, the way that is used is no worse than the other; both used are equal."""
    pairs = programme.pairs
    full = found.q_kwh[pairs].sum(axis=1) >= programme.caps - INTERIOR_KWH if len(pairs) else np.zeros(0, dtype=bool)
    one, other = pairs[full].T if len(pairs) else (np.zeros(0, dtype=int), np.zeros(0, dtype=int))
    uses_one, uses_other = found.q_kwh[one] > INTERIOR_KWH, found.q_kwh[other] > INTERIOR_KWH
    better = np.concatenate((one[uses_one & ~uses_other], other[uses_other & ~uses_one]))
    worse = np.concatenate((other[uses_one & ~uses_other], one[uses_other & ~uses_one]))
    level = uses_one & uses_other
    value = programme.value
    unequal = gradient[better] - gradient[worse], value[better] - value[worse]
    equal = gradient[one[level]] - gradient[other[level]], value[one[level]] - value[other[level]]
    return unequal, equal


def _shut_ways(programme: Programme, found: Solution, gradient: Floats) -> tuple[Floats, Floats]:
    """A way that was left out is no better than the one taken, or than none where nothing flows."""
    shut = np.flatnonzero(np.isfinite(programme.shut))
    other = np.zeros((len(shut), gradient.shape[1]))
    other[:, : programme.equal] = np.where(programme.matched[shut], 0.0, programme.meets[:, shut]).T
    other[:, programme.equal :] = gradient[shut, programme.equal :]
    used = found.q_kwh[shut] > INTERIOR_KWH
    better = np.where(used[:, None], gradient[shut] - other, -other)
    return better, np.where(used, programme.value[shut], 0.0) - programme.shut[shut]


def _middle(face: Face, start: Floats) -> Floats:
    """The canonical point of a face, from any point on it."""
    fixed, directions = _solved(face.equations, face.values, start)
    for row in range(len(start)):
        if not directions.shape[1]:
            break
        along = directions.T @ np.eye(len(start))[row]
        if np.max(np.abs(along)) <= FLAT:
            continue
        low, high = _ends(face, fixed, directions, along)
        step = _between(low, high)
        # Hold this price: move along its gradient inside what is open, then close that direction.
        fixed = fixed + directions @ (along * step / (along @ along))
        directions = directions @ _null(along[None, :])
        if directions.shape[1]:
            fixed = _inside(face, fixed, directions)
    return fixed


def _solved(equations: Floats, values: Floats, start: Floats) -> tuple[Floats, Floats]:
    """The solution nearest to zero, and the directions that the equations leave open (columns)."""
    if not len(equations):
        return start, np.eye(len(start))
    left, sizes, right = np.linalg.svd(equations)
    rank = int(np.sum(sizes > FLAT * sizes[0]))
    directions = right[rank:].T
    fixed = right[:rank].T @ ((left[:, :rank].T @ values) / sizes[:rank])
    if directions.shape[1]:
        fixed = fixed + directions @ (directions.T @ start)  # a point on the face itself
    return fixed, directions


def _null(matrix: Floats) -> Floats:
    """Directions that a matrix maps to zero, as columns."""
    _, sizes, right = np.linalg.svd(matrix)
    return np.asarray(right[int(np.sum(sizes > FLAT)) :].T)


def _ends(face: Face, point: Floats, directions: Floats, along: Floats) -> tuple[float, float]:
    """How far a price may fall and rise from a point of the face, moving inside the open directions."""
    slopes, room = face.inequalities @ directions, face.bounds - face.inequalities @ point
    moving = np.max(np.abs(slopes), axis=1) > FLAT
    slopes, room = slopes[moving], np.maximum(room[moving], 0.0)
    if directions.shape[1] == 1:
        rates = slopes[:, 0] / along[0]
        up = np.min(room[rates > 0] / rates[rates > 0], initial=np.inf)
        down = np.max(room[rates < 0] / rates[rates < 0], initial=-np.inf)
        return float(down), float(up)
    from market.clearing.simplex import extreme

    return -extreme(-along, slopes, room), extreme(along, slopes, room)


def _between(low: float, high: float) -> float:
    """The middle of an interval; its finite end where it has only one, zero where none."""
    if np.isfinite(low) and np.isfinite(high):
        return (low + high) / 2
    return low if np.isfinite(low) else high if np.isfinite(high) else 0.0


def _inside(face: Face, point: Floats, directions: Floats) -> Floats:
    """A point of the face reached from `point` along the open directions: the one that keeps most distance."""
    from market.clearing.simplex import deepest

    slopes, room = face.inequalities @ directions, face.bounds - face.inequalities @ point
    if np.all(room >= -EDGE_MEUR):
        return point
    return np.asarray(point + directions @ deepest(slopes, room))
