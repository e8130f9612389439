"""A feeder's tree as arrays, for sums that need no loop: below a place, and along the path to it.

A place is a node's position in preorder, so every subtree is one stretch `[place, end)`. Powers are W, arrays are
`[phase, place]`. Where all three phases carry the same, one column stands for them all: its powers are totals.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.grid.feeder import PHASES, Feeder, Floats, Ints

BALANCED = ("",)


@dataclass(frozen=True, eq=False, slots=True)
class Network:
    """A feeder for three phases, or for one column that stands for three equal ones.

    `drop_p[i, j, place]` is by how much the squared voltage (per unit) of column i falls along the line into a
    place per W on column j, `drop_q` per var (source: Gan and Low, PSCC 2014). `most_w[i, place]` is what a column
    of that line may carry in VA (the transformer's at place 0; infinite if unknown). `enter` and `leave` are where
    a walk around the tree meets a place. `along_p` and `along_q` are the drops summed from the root to each place.
    """

    feeder: Feeder
    labels: tuple[str, ...]
    parent: Ints
    end: Ints
    enter: Ints
    leave: Ints
    drop_p: Floats
    drop_q: Floats
    most_w: Floats
    along_p: Floats
    along_q: Floats

    @property
    def sensitivity(self) -> Floats:
        """By how much a squared voltage falls per W drawn there: nobody lowers it more than who stands there."""
        return np.asarray(np.einsum("iip->ip", self.along_p))

    @property
    def columns(self) -> int:
        """One or three."""
        return len(self.labels)

    @property
    def per_phase(self) -> float:
        """What one phase carries of a column's power."""
        return 1.0 if self.columns == 3 else 1 / 3

    def below(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum over each place's subtree."""
        sums = np.zeros((values.shape[0], values.shape[1] + 1), dtype=values.dtype)
        np.cumsum(values, axis=1, out=sums[:, 1:])
        return np.asarray(sums.take(self.end, axis=1) - sums[:, :-1])

    def along(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum from the root to each place, both included."""
        tour = np.empty((values.shape[0], 2 * values.shape[1]), dtype=values.dtype)
        for column, walk in zip(values, tour, strict=True):
            walk[self.enter] = column
            walk[self.leave] = -column
        np.cumsum(tour, axis=1, out=tour)
        return tour.take(self.enter, axis=1)

    def drops(self, place: int, column: int, places: Ints) -> tuple[Floats, Floats]:
        """Fall of a squared voltage per W and per var withdrawn at some places, `[column, places]`.

        It is what their paths share with that of `place`: down to the last place on its path below which they lie.
        """
        path = np.array(self.path(place)[::-1])
        # Subtrees along a path are nested: starts rise, ends fall.
        behind = np.searchsorted(path, places, side="right")
        before = len(path) - np.searchsorted(self.end[path][::-1], places, side="right")
        meeting = path[np.minimum(behind, before) - 1]
        return self.along_p[column][:, meeting], self.along_q[column][:, meeting]

    def path(self, place: int) -> list[int]:
        """The places from a place to the root, both included."""
        path = [place]
        while path[-1]:
            path.append(int(self.parent[path[-1]]))
        return path


@lru_cache(maxsize=1024)
def network_of(feeder: Feeder, *, balanced: bool) -> Network:
    """The arrays of a feeder; of all three phases, or of one column for all when loads are balanced."""
    tree = feeder.tree
    count = len(tree.order)
    depth = np.zeros(count, dtype=np.int64)
    for place in range(1, count):
        depth[place] = depth[tree.parent[place]] + 1
    enter = 2 * np.arange(count) - depth
    leave = enter + 2 * (tree.end - np.arange(count)) - 1
    limits = feeder.line_limits_w[tree.order]
    if feeder.transformer.s_va is not None:
        limits[0] = feeder.transformer.s_va / 3
    if balanced:
        seen = np.conj(tree.z_self - tree.z_mutual)[None, None] / 3
        limits = 3 * limits
    else:
        turn = np.exp(-2j * np.pi / 3 * np.arange(3))
        same = np.eye(3, dtype=bool)[:, :, None]
        seen = (turn[:, None] / turn[None, :])[:, :, None] * np.conj(np.where(same, tree.z_self, tree.z_mutual))
    falls = 2 * seen / feeder.phase_v**2
    labels = BALANCED if balanced else PHASES
    most = np.tile(limits, (len(labels), 1))
    network = Network(
        feeder, labels, tree.parent, tree.end, enter, leave, falls.real, -falls.imag, most, falls.real, -falls.imag
    )
    sums = (np.array([network.along(row) for row in drop]) for drop in (network.drop_p, network.drop_q))
    along_p, along_q = sums
    return replace(network, along_p=along_p, along_q=along_q)
