"""How groups of equal gain share what the limits leave: as near to what each asked as can be.

minimise  Σ E·(1 − q/E)²   subject to   rows·q = left,   loose·q ≤ spare,   0 ≤ q ≤ E,   pairs between their bounds

The optimum is unique because the sum is strictly convex. Where only the balance has a say, all groups get the
same part of what they asked; where a limit does, those who burden it more give way more. Solved by Clarabel, an
interior-point method that cvxpy brings along; HiGHS' own quadratic solver was measured to hang on some of
these.
"""

import clarabel
import numpy as np
from scipy import sparse

from market.grid.feeder import Floats, Ints

FREE_KWH = 1e3  # what crosses between feeders asks for nothing; its square over this keeps it unique
NEAR_KWH = 1e-6
FIRST = 100.0  # a m€ less owed outweighs any wish to share evenly


class NotShared(ArithmeticError):
    """Clarabel found no way to share."""


def evenly(
    energy_kwh: Floats,
    equations: tuple[Floats, Floats],
    bounds: tuple[Floats, Floats],
    pairs: tuple[Ints, Floats, Floats],
    owed_meur: Floats | None = None,
) -> Floats:
    """kWh of each group. `energy_kwh` is zero for what crosses; `pairs` are (groups, at least, at most).

    Groups that owe less (m€/kWh) come first, whatever the others asked.

    Raises `NotShared`.
    """
    count = len(energy_kwh)
    asks = energy_kwh > 0
    size = np.where(asks, energy_kwh, FREE_KWH)
    rows, left = _independent(*equations)
    joint = np.zeros((len(pairs[0]), count))
    np.put_along_axis(joint, pairs[0], 1.0, axis=1)
    full = pairs[1] >= pairs[2]
    own = sparse.eye_array(count, format="csr")
    equal = np.concatenate((rows, joint[full]))
    below = sparse.vstack((sparse.csr_array(np.concatenate((bounds[0], joint[~full]))), own[asks], -own))
    # What is decided may pass a limit that these have to relieve: only a rounding's worth below zero is none.
    spare = np.where(bounds[1] > -NEAR_KWH, np.maximum(bounds[1], 0.0), bounds[1])
    most = np.concatenate((spare, pairs[2][~full], energy_kwh[asks], np.zeros(count)))
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_threads = False, 1
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix((2 / size, np.arange(count), np.arange(count + 1)), shape=(count, count)),
        np.where(asks, -2.0, 0.0) + (0.0 if owed_meur is None else FIRST * owed_meur),
        sparse.csc_matrix(sparse.vstack((sparse.csr_array(equal), below))),
        np.concatenate((left, pairs[2][full], most)),
        [clarabel.ZeroConeT(len(equal)), clarabel.NonnegativeConeT(below.shape[0])],
        settings,
    )
    found = solver.solve()
    if found.status not in {clarabel.SolverStatus.Solved, clarabel.SolverStatus.AlmostSolved}:
        raise NotShared(str(found.status))
    return np.asarray(np.clip(np.array(found.x), 0.0, np.where(asks, energy_kwh, np.inf)))


def _independent(rows: Floats, left: Floats) -> tuple[Floats, Floats]:
    """Equations that say the same without repeating each other."""
    if not rows.size:
        return rows, left
    sizes, turned = np.linalg.eigh(rows @ rows.T)
    keep = turned[:, sizes > 1e-14 * max(float(sizes[-1]), 1.0)].T
    return keep @ rows, keep @ left
