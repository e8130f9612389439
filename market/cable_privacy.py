"""Which cables' flows a resident may see as figures, so that nobody learns what one other home takes or gives.

The difference of two cables' flows is what the homes between them take. So not single cables are judged but the
pieces into which the shown ones cut the street: in each, there is either no other home or enough of them
(`community.anonymity`).
"""

from collections.abc import Sequence

from community.anonymity import hides

STEP_PCT = 25.0  # what a cable shows that may not show its figure: a quarter's step of its loading


def shown_cables(parents: Sequence[int | None], others: Sequence[int]) -> list[bool]:
    """Whether the flow of the cable into each node may be shown; at the root stands the transformer's, always.

    `parents[i]` is the place of node i's parent, before i itself (None at the root); `others[i]` counts the homes
    at node i that are not the reader's. The street's sum is public (the market says it), so it is a cut, too.

    >>> shown_cables([None, 0, 1, 2, 3, 0], [0, 1, 1, 1, 2, 6])
    [True, True, False, False, False, True]
    """
    shown = [True] * len(parents)
    piece = list(others)
    for node in range(len(parents) - 1, 0, -1):
        shown[node] = hides(piece[node])
        parent = parents[node]
        if not shown[node] and parent is not None:
            piece[parent] += piece[node]
    while not hides(piece[0]):
        joined = _next_cut(parents, shown, piece)
        if joined is None:
            break
        shown[joined] = False
        piece[0] += piece[joined]
    return shown


def _next_cut(parents: Sequence[int | None], shown: Sequence[bool], piece: Sequence[int]) -> int | None:
    """The shown cable to give up so that the root's piece grows by the fewest homes, but by some if it can."""
    inside = [True] * len(parents)
    edge = []
    for node in range(1, len(parents)):
        parent = parents[node]
        inside[node] = parent is not None and inside[parent] and not shown[node]
        if parent is not None and inside[parent] and shown[node]:
            edge.append(node)
    return min(edge, key=lambda node: (piece[node] == 0, piece[node], node), default=None)
