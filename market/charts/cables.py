"""The picture of the street's cables in one slot, from plain numbers to shapes. Nothing is worded here.

Rows come from `community.feeder_drawing`: x of the tree in pixels, y in per cent of a row's height. A bar's and a
voltage's place is in per cent of the width that the page gives them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from community.feeder_drawing import TreeDrawing, draw_tree
from market.cable_privacy import STEP_PCT

MOST_DRAWN = 150  # a street with more nodes shows the ways to its fullest elements only
FULLEST = 10
FULL_PCT = 99.5
LOADING_SCALE_PCT = 125  # a bar's whole width; so a full cable's bar ends at four fifths
LIMIT_AT_PCT = 100 * 100 / LOADING_SCALE_PCT
VOLTAGE_EDGE = 0.08  # of the band, drawn beyond each of its ends


@dataclass(frozen=True, slots=True)
class Element:
    """A node with the cable into it: loading in per cent (None: no limit known), + flows towards the homes.

    `shown` is false where only a step of the loading may be seen, and not which way the power flows. Voltages are
    per unit. `is_mine` marks a node of the reader's, `is_bound` one where a limit held energy back, `is_empty` one
    without homes.
    """

    parent: int | None
    loading_pct: float | None
    total_w: float
    lowest_pu: float
    highest_pu: float
    shown: bool = True
    is_mine: bool = False
    is_bound: bool = False
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A straight piece of the tree inside its row, with its class."""

    x1: float
    y1: int
    x2: float
    y2: int
    look: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A loading: how far it reaches, and its class."""

    width_pct: float
    look: str


@dataclass(frozen=True, slots=True)
class Span:
    """The voltages of a node's phases, from the lowest to the highest, and its class."""

    from_pct: float
    to_pct: float
    look: str


@dataclass(frozen=True, slots=True)
class CableRow:
    """One row of the picture. `element` is None in the first, which stands for the grid above the transformer."""

    element: int | None
    x: float
    pieces: tuple[Piece, ...]
    dot: str
    bar: Bar | None
    span: Span | None


@dataclass(frozen=True, slots=True)
class CableChart:
    """Everything that `market/cables.html` draws. `low_at` and `high_at` are where the voltage's limits stand."""

    rows: tuple[CableRow, ...]
    tree_px: int
    low_at: float
    high_at: float
    left_out: int


def cable_chart(
    elements: Sequence[Element], v_min_pu: float, v_max_pu: float, *, known: bool = True
) -> CableChart:
    """Lay out a street. `elements` come in the feeder's order, the root first.

    A street with more than `MOST_DRAWN` nodes shows the ways to its fullest elements; `left_out` counts the rest.
    Without a `known` state only the tree is drawn.
    """
    kept = worth_drawing(elements)
    place = {element: row + 1 for row, element in enumerate(kept)}
    parents = (None, *(0 if (up := elements[i].parent) is None else place[up] for i in kept))
    drawing = draw_tree(parents)
    edge = VOLTAGE_EDGE / (1 + 2 * VOLTAGE_EDGE)
    return CableChart(
        rows=tuple(_rows(drawing, kept, elements, (v_min_pu, v_max_pu), known)),
        tree_px=drawing.width,
        low_at=round(100 * edge, 1),
        high_at=round(100 - 100 * edge, 1),
        left_out=len(elements) - len(kept),
    )


def worth_drawing(elements: Sequence[Element]) -> list[int]:
    """All elements of a small street; of a large one the ways to the fullest, to the reader's and to limits."""
    if len(elements) <= MOST_DRAWN:
        return list(range(len(elements)))
    fullest = sorted(range(len(elements)), key=lambda i: (-(elements[i].loading_pct or 0.0), i))[:FULLEST]
    wanted = {i for i, element in enumerate(elements) if element.is_mine or element.is_bound} | set(fullest) | {0}
    kept: set[int] = set()
    for start in wanted:
        element: int | None = start
        while element is not None and element not in kept:
            kept.add(element)
            element = elements[element].parent
    return sorted(kept)


def level_of(loading_pct: float) -> int:
    """How full in steps: 0 to 3 for the quarters, 4 for full.

    >>> [level_of(loading) for loading in (0, 24.9, 25, 80, 99.5, 130)]
    [0, 0, 1, 3, 4, 4]
    """
    return 4 if loading_pct >= FULL_PCT else min(int(loading_pct // STEP_PCT), 3)


def loading_bar(loading_pct: float, look: str, *, shown: bool = True) -> Bar:
    """A loading's bar; one that is only shown as a step reaches to the end of its step."""
    level = level_of(loading_pct)
    reach = loading_pct if shown else STEP_PCT * min(level + 1, 4)
    width = 100 * min(reach, LOADING_SCALE_PCT) / LOADING_SCALE_PCT
    return Bar(round(width, 1), f"{look}{'' if shown else ' step'}")


def direction(total_w: float) -> str:
    """Whether power flows towards the homes (`down`) or to the grid (`up`)."""
    return "up" if total_w < 0 else "down"


def _rows(
    drawing: TreeDrawing, kept: Sequence[int], elements: Sequence[Element], band: tuple[float, float], known: bool
) -> list[CableRow]:
    looks = {row + 1: _look(elements[i], known) for row, i in enumerate(kept)}
    rows = []
    for row in drawing.rows:
        pieces = tuple(
            Piece(s.x1, s.y1, s.x2, s.y2, s.look if s.cable is None else looks[s.cable]) for s in row.pieces
        )
        if row.node == 0:
            rows.append(CableRow(None, row.x, pieces, "grid", None, None))
            continue
        element = elements[kept[row.node - 1]]
        loading = element.loading_pct if known else None
        bar = None if loading is None else loading_bar(loading, looks[row.node], shown=element.shown)
        span = _span(element, *band) if known else None
        rows.append(CableRow(kept[row.node - 1], row.x, pieces, _dot(element), bar, span))
    return rows


def _look(element: Element, known: bool) -> str:
    if not known:
        return "cable plain"
    # Which way one neighbour's power flows is theirs to know, too.
    way = direction(element.total_w) if element.shown else "either"
    thickness = "plain" if element.loading_pct is None else f"level-{level_of(element.loading_pct)}"
    return f"cable {thickness} {way}"


def _dot(element: Element) -> str:
    if element.is_mine:
        return "mine"
    return "joint" if element.is_empty else "node"


def _span(element: Element, low_pu: float, high_pu: float) -> Span:
    """Where the phases lie between the limits; by halves of the way to a limit, they are low, middling or high."""
    band = high_pu - low_pu

    def at(voltage: float) -> float:
        place = ((voltage - low_pu) / band + VOLTAGE_EDGE) / (1 + 2 * VOLTAGE_EDGE)
        return round(100 * min(max(place, 0.0), 1.0), 1)

    if element.lowest_pu < low_pu or element.highest_pu > high_pu:
        look = "beyond"
    elif element.highest_pu > high_pu - band / 4:
        look = "high"
    else:
        look = "low" if element.lowest_pu < low_pu + band / 4 else "middle"
    return Span(at(element.lowest_pu), at(element.highest_pu), look)
