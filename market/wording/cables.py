"""The street's cables in words: the fullest, the tightest voltage, what each row says, what is assumed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from community.table_rows import Cell, TableRow
from market.charts.cables import FULL_PCT, level_of
from market.models import Slot
from market.queries.feeder import CableNode, CableTree, NodeState, SlotFill, StreetState

STEPS = ((0, 25), (25, 50), (50, 75), (75, 100))


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the four numbers."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class CableWords:
    """What one node's row says, in the picture and in the table; empty where nothing is known or to be said."""

    title: str
    name: str
    badges: tuple[str, ...]
    cable: str
    limit: str
    loading: str
    arrow: str
    power: str
    phases: tuple[str, ...]
    current: str
    voltage: str
    per_unit: str
    bound: bool


def sentence(slot: Slot | None, tree: CableTree, state: StreetState | None, shown: Sequence[bool]) -> str:
    """The fullest element of the slot, or why nothing is known."""
    if slot is None:
        return _("The market has not opened a slot yet, so nothing is known about the cables.")
    span = figures.span(slot.start, slot.end)
    if state is None:
        return _("%(slot)s: not cleared yet, so nothing is known about the cables.") % {"slot": span}
    place, loading_pct = fullest(state)
    if loading_pct is None:
        return _("%(slot)s: no cable's limit is known, so none can be called full.") % {"slot": span}
    if round(loading_pct) == 0 and _seen(place, shown):
        return _("%(slot)s: the cables were all but empty.") % {"slot": span}
    said = {"slot": span, "element": _element(tree, place), "loading": _loading(loading_pct, _seen(place, shown))}
    if loading_pct >= FULL_PCT:
        return _("%(slot)s: %(element)s was full, at %(loading)s of what it may carry.") % said
    return _("%(slot)s: %(element)s was the fullest, at %(loading)s of what it may carry.") % said


def tightest(tree: CableTree, state: StreetState) -> str:
    """Where the voltage came nearest to one of its limits."""
    place, highest = tightest_voltage(tree, state)
    node = state.nodes[place]
    said = {
        "place": _at(tree, place),
        "voltage": figures.volts((node.highest_pu if highest else node.lowest_pu) * tree.phase_v),
        "limit": figures.volts((tree.v_max_pu if highest else tree.v_min_pu) * tree.phase_v),
    }
    if highest:
        return _("The voltage was tightest %(place)s: %(voltage)s, where at most %(limit)s are allowed.") % said
    return _("The voltage was tightest %(place)s: %(voltage)s, where at least %(limit)s are needed.") % said


def fullest(state: StreetState) -> tuple[int | None, float | None]:
    """Place of the fullest element and its loading (%); place None is the street's connection to the grid."""
    loadings = [(node.loading_pct, -i) for i, node in enumerate(state.nodes) if node.loading_pct is not None]
    best, place = max(loadings, default=(None, 0))
    if state.connection_pct is not None and (best is None or state.connection_pct >= best):
        return None, state.connection_pct
    return -place, best


def tightest_voltage(tree: CableTree, state: StreetState) -> tuple[int, bool]:
    """Place of the voltage nearest to a limit, and whether that is the upper one."""
    room = [
        (round(space, 9), i, upper)
        for i, node in enumerate(state.nodes)
        for upper, space in ((True, tree.v_max_pu - node.highest_pu), (False, node.lowest_pu - tree.v_min_pu))
    ]
    _space, place, upper = min(room)
    return place, upper


def figures_of(tree: CableTree, state: StreetState, shown: Sequence[bool]) -> list[Figure]:
    """The four numbers of the slot."""
    place, loading_pct = fullest(state)
    tight, highest = tightest_voltage(tree, state)
    node = state.nodes[tight]
    net_w = state.nodes[0].total_w
    loading = "—" if loading_pct is None else _loading(loading_pct, _seen(place, shown))
    return [
        Figure(_("Fullest"), loading, "" if loading_pct is None else _element(tree, place)),
        Figure(
            _("Tightest voltage"),
            figures.volts((node.highest_pu if highest else node.lowest_pu) * tree.phase_v),
            _at(tree, tight),
        ),
        Figure(
            _("With the grid"),
            figures.power(abs(net_w)),
            _("taken on average") if net_w >= 0 else _("given on average"),
        ),
        Figure(_("Lost as heat"), figures.watt_hours(round(state.loss_wh)), _("in cables and transformer"))
        if state.exact
        else Figure(_("Lost as heat"), "—", _("not known: no voltage could carry this load")),
    ]


def connection(tree: CableTree, state: StreetState | None) -> str:
    """What the row above the transformer says: how much of the agreed import or export was used."""
    if state is None or state.connection_pct is None:
        return ""
    takes = state.nodes[0].total_w >= 0
    words = _("%(loading)s of what the street may take") if takes else _("%(loading)s of what the street may give")
    return words % {"loading": figures.percent(round(state.connection_pct))}


def rows(tree: CableTree, state: StreetState | None, shown: Sequence[bool], *, by_phase: bool) -> list[CableWords]:
    """Every node in the tree's order; power by phase only where the reader may see it."""
    return [
        _row(node, None if state is None else state.nodes[i], tree, shown=shown[i], by_phase=by_phase)
        for i, node in enumerate(tree.nodes)
    ]


def _row(node: CableNode, state: NodeState | None, tree: CableTree, *, shown: bool, by_phase: bool) -> CableWords:
    at_root = node.parent is None
    volts = power = arrow = loading = current = per_unit = ""
    phases: tuple[str, ...] = ()
    if state is not None:
        low, high = state.lowest_pu, state.highest_pu
        volts = _span(figures.volts(low * tree.phase_v), figures.volts(high * tree.phase_v))
        per_unit = _span(_per_unit(low), _per_unit(high))
        flows = any(abs(watts) >= 1 for watts in state.flow_w)
        arrow = ("↑" if state.total_w < 0 else "↓") if flows and shown else ""
        loading = "" if state.loading_pct is None else _loading(state.loading_pct, shown)
        if shown:
            power, current = figures.power(abs(state.total_w)), figures.amperes(max(state.current_a))
        if shown and by_phase:
            phases = tuple(figures.power(watts) for watts in state.flow_w)
    limit = "" if node.limit_a is None else figures.amperes(node.limit_a)
    if at_root and tree.transformer_va:
        limit = _("%(size)s kVA") % {"size": figures.number(round(tree.transformer_va / 1_000), 0)}
    return CableWords(
        title=_("Transformer") if at_root else node.code,
        name=node.code if at_root else (node.name if node.name != node.code else ""),
        badges=_badges(node),
        cable=_("transformer") if at_root else node.cable,
        limit=limit,
        loading=loading,
        arrow=arrow,
        power=power,
        phases=phases,
        current=current,
        voltage=volts,
        per_unit=per_unit,
        bound=state is not None and bool(state.bindings),
    )


def table_rows(words: Iterable[CableWords], *, by_phase: bool) -> list[TableRow]:
    """The table of all cables and connections, in its columns' order."""
    return [
        TableRow(
            row.title,
            (
                Cell(" · ".join(row.badges), ""),
                Cell(row.cable, ""),
                *(Cell(text or "—") for text in (row.limit, row.loading, f"{row.power} {row.arrow}".strip())),
                *(Cell(phase) for phase in (row.phases or ("—",) * 3) if by_phase),
                *(Cell(text or "—") for text in (row.current, row.voltage, row.per_unit)),
            ),
            badge=_("at its limit") if row.bound else "",
            look="mine" if row.bound else "",
        )
        for row in words
    ]


def _badges(node: CableNode) -> tuple[str, ...]:
    mine = ", ".join(node.mine)
    others = node.homes - len(node.mine)
    said = [_("yours: %(home)s") % {"home": mine}] if mine else []
    if others:
        said.append(ngettext("%(count)d home", "%(count)d homes", others) % {"count": others})
    return tuple(said)


def assumptions(tree: CableTree, state: StreetState | None, *, is_admin: bool) -> list[str]:
    """What the reader has to know to trust the figures as far as they go."""
    said = [
        _("Everything here is computed from what the market cleared, with the cables as they are today. "
          "Nobody measures cables or voltages in the street.")
    ]  # fmt: skip
    if tree.is_assumed:
        said.append(_("The cables are assumed to be as usual in such a street: the real ones are not known yet."))
    if tree.unknown_phases:
        words = ngettext(
            "The phase of %(count)d home is not known; it is assumed.",
            "The phases of %(count)d homes are not known; they are assumed.",
            tree.unknown_phases,
        )
        said.append(words % {"count": tree.unknown_phases})
    if state is not None and not state.exact:
        said.append(_("No voltage could carry this load, so the figures are a rough estimate."))
    if is_admin:
        said.append(_("As an administrator you see every cable's figures. Your neighbours see less."))
    else:
        said.append(
            _("So that nobody learns what a single neighbour uses, some cables show only a quarter's step "
              "instead of a figure: those where the figure, or its difference to the next, would be one home's.")
        )  # fmt: skip
    return said


def drawn_sentence(words: Sequence[CableWords], state: StreetState | None) -> str:
    """What the drawing of the cables shows, for those who do not see it: no more than its arrows and marks."""
    said = {"all": len(words)}
    if state is None:
        return _("Connections: %(all)s. Nothing is known about their load in this slot.") % said
    arrows = [row.arrow for row in words]
    said |= {"down": arrows.count("↓"), "up": arrows.count("↑"), "full": sum(row.bound for row in words)}
    return (
        _("Connections: %(all)s. Power to the homes: %(down)s; surplus to the grid: %(up)s; at a limit: %(full)s.")
        % said
    )


def strip_sentence(fullest: SlotFill | None) -> str:
    """What the strip of a day shows, in one sentence."""
    if fullest is None:
        return _("Nothing is known yet about the cables on this day.")
    said = {"slot": figures.span(fullest.start, fullest.end), "loading": fill_text(fullest)}
    return _("The day was fullest at %(slot)s: %(loading)s.") % said


def fill_text(fill: SlotFill) -> str:
    """How full the fullest element was in a slot of the day."""
    if fill.fullest_pct is None:
        return _("not known yet")
    return figures.percent(round(fill.fullest_pct))


def _element(tree: CableTree, place: int | None) -> str:
    if place is None:
        return _("the street's connection to the grid")
    node = tree.nodes[place]
    return _("the transformer") if node.parent is None else _("the cable to %(node)s") % {"node": node.code}


def _at(tree: CableTree, place: int) -> str:
    node = tree.nodes[place]
    return _("at the transformer") if node.parent is None else _("at %(node)s") % {"node": node.code}


def _seen(place: int | None, shown: Sequence[bool]) -> bool:
    return place is None or shown[place]


def _loading(loading_pct: float, shown: bool) -> str:
    """A loading as a figure, or only its step."""
    if shown:
        return figures.percent(round(loading_pct))
    level = level_of(loading_pct)
    if level == len(STEPS):
        return _("full")
    low, high = STEPS[level]
    return f"{low}\u2060–\u2060{figures.percent(high)}"


def _per_unit(voltage_pu: float) -> str:
    return figures.decimal(voltage_pu, 3)


def _span(low: str, high: str) -> str:
    """Two equal figures are said once."""
    return low if low == high else f"{low.rsplit(figures.NBSP, 1)[0]}–{high}"
