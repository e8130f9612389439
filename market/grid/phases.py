"""Phases of homes of which nobody knows the phase: an assumption that every computation makes alike."""

from collections.abc import Iterable
from typing import NamedTuple

from market.grid.feeder import PHASES

THREE_PHASES = "abc"
# What one phase of a usual home carries at most: 20 A at 230 V. Who contracted more has three.
MOST_ON_ONE_PHASE_W = 4_600


class Home(NamedTuple):
    """A home at a node (empty: at the transformer); `phase` is empty where it is not known."""

    id: int
    node: str
    phase: str
    contracted_w: int


def assumed_phases(homes: Iterable[Home]) -> dict[int, str]:
    """The phase of every home by id: its own, or the one assumed for it.

    Three phases above 4,600 W contracted; else a, b, c in turn, by node and then id, so that the order in which
    the homes come changes nothing. Give all homes of a street together, or the turns shift.

    >>> assumed_phases([Home(7, "n2", "", 3_450), Home(9, "n1", "", 4_600), Home(3, "n1", "", 9_200)])
    {9: 'a', 7: 'b', 3: 'abc'}
    """
    every = list(homes)
    turn = sorted(
        (home for home in every if not home.phase and home.contracted_w <= MOST_ON_ONE_PHASE_W),
        key=lambda home: (home.node, home.id),
    )
    phases = {home.id: PHASES[i % len(PHASES)] for i, home in enumerate(turn)}
    return phases | {home.id: home.phase or THREE_PHASES for home in every if home.id not in phases}
