"""The street's cables in one slot, for every member."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from community import figures
from community.access import empowered, member_of
from community.anonymity import may_see_sums
from community.datebar import DateBar, View
from community.models import Community, What
from community.pages import page
from community.roles import Can
from community.services.audit import note_look
from community.table_rows import Cell, TableRow
from community.tariffs import local_day
from config import clock
from market.addresses import cables_address, parse_start
from market.cable_privacy import shown_cables
from market.charts.cable_marks import StripSlot, day_strip, load_mark, volts_mark
from market.charts.cables import MOST_DRAWN, CableChart, CableRow, Element, cable_chart
from market.models import Slot
from market.queries import feeder as queries
from market.queries.feeder import CableTree, SlotFill, StreetState
from market.wording import cables as wording
from market.wording.cables import CableWords

ROWS_A_PAGE = 50
LENGTH = {15: "quarters", 30: "halves", 60: "hours"}


@login_required
@require_safe
def cables(request: HttpRequest) -> HttpResponse:
    """Loading and voltage of every cable and node in the slot that `?t=` names; without it, the latest."""
    member = member_of(request)
    at = clock.now()
    tree = queries.cable_tree(member.community, member.pk)
    if tree is None:
        context: dict[str, Any] = {"section": "community-day", "tree": None}
        return page(request, "market/cables.html", context)
    if not may_see_sums(member):
        context = {"section": "community-day", "tree": None, "withheld": True}
        return page(request, "market/cables.html", context)
    slot = _slot(member.community, parse_start(request.GET.get("t")), at)
    state = queries.street_state(slot) if slot is not None else None
    is_admin = empowered(member, Can.SET_CABLES)
    shown = [True] * len(tree.nodes) if is_admin else _shown(tree)
    if is_admin:
        note_look(member.community.households.all(), What.CABLES_SEEN, at=at, by=member)
    words = wording.rows(tree, state, shown, by_phase=is_admin)
    chart = _chart(tree, state, shown)
    a_page = ROWS_A_PAGE if len(words) > MOST_DRAWN else len(words)
    table = Paginator(words, a_page).get_page(request.GET.get("p"))
    context = {
        "section": "community-day",
        "tree": tree,
        "slot": slot,
        "sentence": wording.sentence(slot, tree, state, shown),
        "why": wording.tightest(tree, state) if state else "",
        "figures": wording.figures_of(tree, state, shown) if state else [],
        "chart": chart,
        "says": wording.drawn_sentence(words, state),
        "rows": [(row, _words(row, words), load_mark(row.bar), volts_mark(row.span, chart)) for row in chart.rows],
        "connection": wording.connection(tree, state),
        "table": table,
        "table_rows": wording.table_rows(table, by_phase=is_admin),
        "by_phase": is_admin,
        "assumptions": wording.assumptions(tree, state, is_admin=is_admin),
        **(_day(member.community, slot, at, None if all(shown) else shown) if slot else {}),
    }
    return page(request, "market/cables.html", context)


def _slot(community: Community, wanted: datetime | None, at: datetime) -> Slot | None:
    """The slot that was asked for; without one the latest that has begun."""
    if wanted is None:
        return queries.latest_slot(community, at)
    found = queries.slot_at(community, wanted)
    if found is None:
        raise Http404("The market has no such slot.")
    return found


def _shown(tree: CableTree) -> list[bool]:
    others = [node.homes - len(node.mine) for node in tree.nodes]
    return shown_cables([node.parent for node in tree.nodes], others)


def _chart(tree: CableTree, state: StreetState | None, shown: Sequence[bool]) -> CableChart:
    """The picture; without a state only the tree."""
    elements = []
    for i, node in enumerate(tree.nodes):
        known = state.nodes[i] if state else None
        elements.append(
            Element(
                parent=node.parent,
                loading_pct=known.loading_pct if known else None,
                total_w=known.total_w if known else 0.0,
                lowest_pu=known.lowest_pu if known else 1.0,
                highest_pu=known.highest_pu if known else 1.0,
                shown=shown[i],
                is_mine=bool(node.mine),
                is_bound=bool(known and known.bindings),
                is_empty=not node.homes,
            )
        )
    return cable_chart(elements, tree.v_min_pu, tree.v_max_pu, known=state is not None)


def _words(row: CableRow, words: Sequence[CableWords]) -> CableWords | None:
    """What is said of a row; the grid above the transformer has no words of its own."""
    return None if row.element is None else words[row.element]


def _day(community: Community, slot: Slot, at: datetime, shown: Sequence[bool] | None) -> dict[str, Any]:
    """The bar over the slots and the strip of the slot's day."""
    zone = community.zone
    day = slot.start.astimezone(zone).date()
    first, until = local_day(day, zone)
    fills = queries.day_fills(community, first, until, shown)
    known = [fill for fill in fills if fill.fullest_pct is not None and fill.start <= at]
    fullest = max(known, key=lambda fill: (fill.fullest_pct or 0.0, fill.start), default=None)
    step = slot.end - slot.start
    today = f"{reverse('community-day')}?d={day.isoformat()}"
    views: tuple[View, ...] = ()
    if fullest is not None and fullest.start != slot.start:
        views = (View(_("The fullest of the day"), cables_address(fullest.start), current=False),)
    bar = DateBar(
        title=_("%(day)s, %(slot)s")
        % {"day": figures.short_day(timezone.localtime(slot.start)), "slot": figures.span(slot.start, slot.end)},
        previous=cables_address(slot.start - step),
        previous_label=_("The slot before"),
        next=cables_address(slot.end) if slot.end <= at else None,
        next_label=_("The slot after"),
        today=today,
        today_label=_("The whole day"),
        views=views,
    )
    columns = [_column(fill, slot.start, at) for fill in fills]
    return {
        "bar": bar,
        "strip": day_strip(column for column, _row in columns),
        "strip_rows": [row for fill, (_column, row) in zip(fills, columns, strict=True) if fill.start <= at],
        "strip_says": wording.strip_sentence(fullest),
        "strip_kind": LENGTH[community.slot_minutes],
        "day": day,
        "in_steps": shown is not None,
        "day_before": cables_address(slot.start - timedelta(days=1)),
        "day_after": cables_address(slot.start + timedelta(days=1)) if until <= at else None,
    }


def _column(fill: SlotFill, current: datetime, at: datetime) -> tuple[StripSlot, TableRow]:
    """A slot of the strip, and the same as a row of the table below."""
    span, said, address = figures.span(fill.start, fill.end), wording.fill_text(fill), _address(fill, at)
    is_current = fill.start == current
    cells = Cell(said), Cell(_("held energy back") if fill.bound else "", "")
    row = TableRow(span, cells, address=address, look="mine" if is_current else "")
    return StripSlot(fill.fullest_pct, address, f"{span}: {said}", is_current), row


def _address(fill: SlotFill, at: datetime) -> str:
    return cables_address(fill.start) if fill.opened and fill.start <= at else ""
