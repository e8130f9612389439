"""How a tree of cables is drawn: one row a node, the longest way straight down, branches one lane to the right.

Plain geometry, worded and coloured elsewhere. x is in pixels, y in per cent of a row's height, so that rows may be
as high as their text on any screen. A node with several cables is drawn as a busbar: its dot and a bar down to the
last branch; what leaves it are the cables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe

LANE_PX = 18
SHAPES = {"grid": "M-6 -6H6V6H-6Z", "mine": "M-7 0L0 -7L7 0V7H-7Z"}  # all others are dots


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight piece inside a row. `cable` is the node that the cable leads to; None: part of a busbar."""

    x1: float
    y1: int
    x2: float
    y2: int
    cable: int | None

    @property
    def look(self) -> str:
        """Its class where nothing is known of the cable."""
        return "busbar" if self.cable is None else "cable plain"


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One node: its number in what was given, the x of its dot, the pieces to draw."""

    node: int
    x: float
    pieces: tuple[Stroke, ...]
    dot: str = "node"


@dataclass(frozen=True, slots=True)
class TreeDrawing:
    """The rows from the root down, all as wide as `width` pixels."""

    rows: tuple[TreeRow, ...]
    width: int


def tree_svg(row: Any, width: int) -> SafeString:
    """A row's piece of a tree `width` pixels wide, of its `x`, `pieces` and `dot`: a template is ten times slower.

    Pieces are strokes, or others with their ends and their look.
    """
    drawn = "".join(map(_svg_line, row.pieces)) + _svg_dot(row.x, row.dot)
    room = f'<svg width="{width}" height="1"></svg>'
    svg = f'<span class="tree">{room}<svg class="piece" width="{width}">{drawn}</svg></span>'
    return mark_safe(svg)  # noqa: S308 numbers, looks of ours  # nosec B308


def _svg_line(piece: Any) -> str:
    ends = f'x1="{piece.x1}" y1="{piece.y1}%" x2="{piece.x2}" y2="{piece.y2}%"'
    return f'<line class="{piece.look}" {ends}/>'


def _svg_dot(x: float, dot: str) -> str:
    if dot in SHAPES:
        return f'<svg x="{x}" y="50%" overflow="visible"><path class="dot {dot}" d="{SHAPES[dot]}"/></svg>'
    return f'<circle class="dot {dot}" cx="{x}" cy="50%" r="{3 if dot == "joint" else 5}"/>'


def draw_tree(parents: Sequence[int | None]) -> TreeDrawing:
    """Lay out a tree. `parents[i]` is the number of node i's parent, None for the one root; any order will do.

    At every node the branch with most nodes goes straight on, below the others. So no tree of n nodes needs more
    than log₂(n) + 1 lanes. Raises `ValueError` where the nodes do not make one tree.
    """
    return _drawn(tuple(parents))


@lru_cache(maxsize=32)  # a street's cables stay as they are, and are drawn on every visit
def _drawn(parents: tuple[int | None, ...]) -> TreeDrawing:
    children: list[list[int]] = [[] for _ in parents]
    for node, parent in enumerate(parents):
        if parent is not None:
            children[parent].append(node)
    roots = [node for node, parent in enumerate(parents) if parent is None]
    order, lanes = _walk(roots[0], children, _sizes(roots[0], children)) if len(roots) == 1 else ([], [])
    if len(order) != len(parents) or not order:
        raise ValueError("The nodes do not make one tree.")
    row_of = {node: row for row, node in enumerate(order)}
    strokes: list[list[Stroke]] = [[] for _ in order]
    for node in order:
        _draw_node(row_of[node], [row_of[child] for child in children[node]], lanes, strokes)
    rows = tuple(TreeRow(order[row], _x(lanes[row]), tuple(strokes[row])) for row in range(len(order)))
    named = tuple(TreeRow(r.node, r.x, tuple(_named(stroke, order) for stroke in r.pieces)) for r in rows)
    return TreeDrawing(named, LANE_PX * (1 + max(lanes)))


def _sizes(root: int, children: Sequence[Sequence[int]]) -> list[int]:
    """Nodes below each node, itself included."""
    outwards = [root]
    for node in outwards:
        outwards += children[node]
    sizes = [1] * len(children)
    for node in reversed(outwards):
        sizes[node] += sum(sizes[child] for child in children[node])
    return sizes


def _walk(root: int, children: list[list[int]], sizes: Sequence[int]) -> tuple[list[int], list[int]]:
    """Nodes in the order of their rows, and each row's lane; sorts `children` into the order of drawing."""
    order, lanes = [], []
    stack = [(root, 0)]
    while stack:
        node, lane = stack.pop()
        order.append(node)
        lanes.append(lane)
        if children[node]:
            straight = max(children[node], key=lambda child: (sizes[child], child))
            children[node] = [child for child in children[node] if child != straight] + [straight]
            stack.append((straight, lane))
            stack += [(child, lane + 1) for child in reversed(children[node][:-1])]
    return order, lanes


def _draw_node(row: int, below: Sequence[int], lanes: Sequence[int], strokes: list[list[Stroke]]) -> None:
    """The busbar of the node in a row and the cables to its children's rows, the last of which is straight."""
    if not below:
        return
    x = _x(lanes[row])
    last_branch = below[-2] if len(below) > 1 else row
    _vertical(x, row, last_branch, None, strokes)
    for branch in below[:-1]:
        strokes[branch].append(Stroke(x, 50, _x(lanes[branch]), 50, branch))
    _vertical(x, last_branch, below[-1], below[-1], strokes)


def _vertical(x: float, first: int, last: int, cable: int | None, strokes: list[list[Stroke]]) -> None:
    """A line from the middle of one row to the middle of another."""
    for row in range(first, last + 1):
        top, bottom = 50 if row == first else 0, 50 if row == last else 100
        if first != last:
            strokes[row].append(Stroke(x, top, x, bottom, cable))


def _named(stroke: Stroke, order: Sequence[int]) -> Stroke:
    """The same with the node's own number for its row."""
    cable = None if stroke.cable is None else order[stroke.cable]
    return Stroke(stroke.x1, stroke.y1, stroke.x2, stroke.y2, cable)


def _x(lane: int) -> float:
    return LANE_PX * (lane + 0.5)
