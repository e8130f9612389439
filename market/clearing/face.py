"""Prices without chance: of all dual optima of a programme the one in their middle.

A solver answers with some corner of the optimal duals, another solver with another. All of them are
complementary to any optimal q, so they form one polyhedron whatever the path: columns strictly between their
bounds make equations, all others inequalities. Where the equations leave nothing open (nearly always) they are
the prices. Where they do, one price after the other, the balance's first, takes the middle of what is left.
"""

from dataclasses import dataclass

import numpy as np

from market.clearing.book import Bools
from market.clearing.rows import Rows
from market.grid.feeder import Floats, Ints

INTERIOR_KWH = 1e-5  # nearer to a bound than this a column counts as at it
FLAT, SURE = 1e-9, 1e-4
EDGE_MEUR = 1e-7


@dataclass(frozen=True, eq=False, slots=True)
class Face:
    """What optimal prices must satisfy, from one optimal q.

    Columns that could `rise` must not gain, those that could `fall` must not lose. Of full pairs the `worse`
    way is no better than the `better` one. A way that was `shut` is no better than the one taken (`used`), or
    than none. Limits have prices between zero and `dearest`.
    """

    rows: Rows
    rise: Ints
    fall: Ints
    better: Ints
    worse: Ints
    shut: Ints
    used: Bools
    dearest: float

    def left(self, duals: Floats) -> Floats:
        """The left sides of all inequalities, linear in the prices."""
        against = self.rows.against(duals)
        equal, ways = self.rows.equal, self.rows.ways
        meets = ways.meets[:, self.shut].T @ duals[:equal]
        matched = ways.matched[self.shut]
        # The other way crosses the same limits; only meeting a neighbour or not differs.
        other = against[self.shut] + np.where(matched, -meets, meets)
        limits = duals[equal:]
        return np.concatenate(
            (
                -against[self.rise],
                against[self.fall],
                against[self.better] - against[self.worse],
                np.where(self.used, against[self.shut], 0.0) - other,
                -limits,
                limits,
            )
        )

    def bounds(self) -> Floats:
        """The right sides."""
        ways = self.rows.ways
        value, count = ways.value, len(self.rows.limits)
        taken = np.where(self.used, value[self.shut], 0.0)
        return np.concatenate(
            (
                -value[self.rise],
                value[self.fall],
                value[self.better] - value[self.worse],
                taken - ways.shut[self.shut],
                np.zeros(count),
                np.full(count, self.dearest),
            )
        )


def canonical_duals(rows: Rows, q_kwh: Floats, over_kwh: Floats, start: Floats, dearest: float) -> Floats:
    """The price of each row, m€/kWh, the same whatever path led to the optimum; `start` is any optimal one."""
    ways = rows.ways
    rises, falls = q_kwh < ways.upper - INTERIOR_KWH, q_kwh > INTERIOR_KWH
    full = q_kwh[ways.pairs].sum(axis=1) >= ways.caps - INTERIOR_KWH
    rises[ways.pairs[full].ravel()] = False
    one, other = ways.pairs[full].T
    uses_one, uses_other = q_kwh[one] > INTERIOR_KWH, q_kwh[other] > INTERIOR_KWH
    equations, values = _equations(rows, np.flatnonzero(rises & falls), (one, other), uses_one & uses_other)
    broken = np.flatnonzero(over_kwh > INTERIOR_KWH)
    dear = np.zeros((len(broken), len(start)))
    dear[np.arange(len(broken)), rows.equal + broken] = 1.0
    equations = np.concatenate((equations, dear))
    values = np.concatenate((values, np.full(len(broken), dearest)))
    fixed, directions = _solved(equations, values, start)
    if not directions.shape[1]:
        return fixed
    shut = np.flatnonzero(np.isfinite(ways.shut))
    face = Face(
        rows=rows,
        rise=np.flatnonzero(rises & ~falls),
        fall=np.flatnonzero(falls & ~rises),
        better=np.concatenate((one[uses_one & ~uses_other], other[uses_other & ~uses_one])),
        worse=np.concatenate((other[uses_one & ~uses_other], one[uses_other & ~uses_one])),
        shut=shut,
        used=q_kwh[shut] > INTERIOR_KWH,
        dearest=dearest,
    )
    return _middle(face, fixed, directions)


def _equations(rows: Rows, inside: Ints, pairs: tuple[Ints, Ints], level: Bools) -> tuple[Floats, Floats]:
    """Prices at which columns between their bounds gain nothing, and both ways of a pair are worth the same."""
    one, other = pairs[0][level], pairs[1][level]
    value = rows.ways.value
    gradients = rows.entries(np.concatenate((inside, one)))
    gradients[:, len(inside) :] -= rows.entries(other)
    return gradients.T, np.concatenate((value[inside], value[one] - value[other]))


def _middle(face: Face, fixed: Floats, directions: Floats) -> Floats:
    """The canonical point of a face, from any point on it and the directions that its equations leave open."""
    for row in range(len(fixed)):
        if not directions.shape[1]:
            break
        along = directions[row]
        if np.max(np.abs(along)) <= FLAT:
            continue
        slopes = np.array([face.left(direction) for direction in directions.T]).T
        low, high = _ends(slopes, face.bounds() - face.left(fixed), along)
        # Hold this price: move along its gradient inside what is open, then close that direction.
        fixed = fixed + directions @ (along * _between(low, high) / (along @ along))
        directions = directions @ _null(along)
        if directions.shape[1]:
            fixed = _inside(face, fixed, directions)
    return fixed


def _solved(equations: Floats, values: Floats, start: Floats) -> tuple[Floats, Floats]:
    """A point that solves the equations, on the face, and the directions that they leave open (columns)."""
    if not len(equations):
        return start, np.eye(len(start))
    if len(equations) >= len(start):
        turned, triangle = np.linalg.qr(equations)
        pivots = np.abs(np.diag(triangle))
        if pivots.min() > SURE * pivots.max():  # plainly nothing is left open
            return np.linalg.solve(triangle, turned.T @ values), np.zeros((len(start), 0))
    sizes, vectors = np.linalg.eigh(equations.T @ equations)
    directions = vectors[:, sizes <= 1e-13 * sizes[-1]]
    fixed = np.linalg.lstsq(equations, values, rcond=1e-7)[0]
    return fixed + directions @ (directions.T @ (start - fixed)), directions


def _null(along: Floats) -> Floats:
    """Directions that leave a price as it is, as columns."""
    _, _, right = np.linalg.svd(along[None, :])
    return np.asarray(right[1:].T)


def _ends(slopes: Floats, room: Floats, along: Floats) -> tuple[float, float]:
    """How far a price may fall and rise from a point of the face, moving inside the open directions."""
    moving = np.max(np.abs(slopes), axis=1) > FLAT
    slopes, room = slopes[moving], np.maximum(room[moving], 0.0)
    if slopes.shape[1] == 1:
        rates = slopes[:, 0] / along[0]
        up = np.min(room[rates > 0] / rates[rates > 0], initial=np.inf)
        down = np.max(room[rates < 0] / rates[rates < 0], initial=-np.inf)
        return float(down), float(up)
    from market.clearing.simplex import small

    free = np.full(len(along), np.inf)
    highest, lowest = (small(way, -free, free, slopes, room) for way in (along, -along))
    return -np.inf if lowest is None else -lowest[0], np.inf if highest is None else highest[0]


def _between(low: float, high: float) -> float:
    """The middle of an interval; its finite end where it has only one, zero where none."""
    if np.isfinite(low) and np.isfinite(high):
        return (low + high) / 2
    return low if np.isfinite(low) else high if np.isfinite(high) else 0.0


def _inside(face: Face, point: Floats, directions: Floats) -> Floats:
    """A point of the face reached from `point` along the open directions: the one deepest inside, up to 1 m€."""
    room = face.bounds() - face.left(point)
    if np.all(room >= -EDGE_MEUR):
        return point
    from market.clearing.simplex import small

    slopes = np.array([face.left(direction) for direction in directions.T]).T
    count = slopes.shape[1]
    free, value = np.full(count, np.inf), np.append(np.zeros(count), 1.0)
    rows = np.concatenate((slopes, np.ones((len(slopes), 1))), axis=1)
    found = small(value, np.append(-free, -np.inf), np.append(free, 1.0), rows, room)
    return point if found is None else np.asarray(point + directions @ found[1][:count])
