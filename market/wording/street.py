"""The street's day in words and rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.queries.street import Congestion, Shared, StreetSlot, shared
from market.wording.home import price_span


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the four numbers."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the street: energies in Wh (`traded_wh`: what may be told of it), their mean price."""

    start: datetime
    traded_wh: int | None
    import_wh: int
    export_wh: int
    price_ueur_kwh: int | None


def sentence(slots: Sequence[StreetSlot], homes: int, *, is_today: bool) -> str:
    """What the street did, in one sentence."""
    traded_wh = sum(slot.traded_wh for slot in slots)
    if not traded_wh:
        return _("Nothing has been traded in the street on this day.")
    words = (
        ngettext(
            "Today %(homes)d home has shared %(energy)s at %(price)s on average.",
            "Today %(homes)d homes have shared %(energy)s at %(price)s on average.",
            homes,
        )
        if is_today
        else ngettext(
            "%(homes)d home shared %(energy)s at %(price)s on average.",
            "%(homes)d homes shared %(energy)s at %(price)s on average.",
            homes,
        )
    )
    mean = sum(slot.paid_neur for slot in slots) // traded_wh
    found = shared(slots, over=not is_today)
    if found.wh is not None and not found.whole:
        words = ngettext(
            "%(homes)d home shared at least %(energy)s at %(price)s on average.",
            "%(homes)d homes shared at least %(energy)s at %(price)s on average.",
            homes,
        )
    if found.wh is None:
        words = ngettext(
            "%(homes)d home shared energy at %(price)s on average; fewer than five sold it, or bought it.",
            "%(homes)d homes shared energy at %(price)s on average; fewer than five sold it, or bought it.",
            homes,
        )
    return words % {"homes": homes, "energy": figures.kwh(found.wh or 0), "price": figures.price(mean)}


def chart_sentence(slots: Sequence[StreetSlot], *, over: bool = True) -> str:
    """What the picture shows, for those who do not see it."""
    found = shared(slots, over=over)
    words = _("Neighbours shared %(shared)s.") if found.whole else _("Neighbours shared at least %(shared)s.")
    told = [
        _("What neighbours shared is not told: fewer than five sold it, or bought it.")
        if found.wh is None
        else words % {"shared": figures.kwh(found.wh)},
        _("%(taken)s came from the grid and %(given)s went there.")
        % {
            "taken": figures.kwh(sum(slot.import_wh for slot in slots)),
            "given": figures.kwh(sum(slot.export_wh for slot in slots)),
        },
    ]
    if found.wh and not found.whole:
        told.append(_("What was shared in slots in which fewer than five sold, or bought, is not told."))
    elif found.wh and any(shared([slot]).wh is None for slot in slots):
        told.append(
            _("Of slots in which fewer than five sold, or bought, only the day's sum holds what was shared.")
        )
    prices = [slot.price_ueur_kwh for slot in slots if slot.price_ueur_kwh is not None]
    return " ".join([price_span(prices), *told])


def figures_of(slots: Sequence[StreetSlot], *, over: bool = True) -> list[Figure]:
    """The four numbers of the day."""
    prices = [slot.price_ueur_kwh for slot in slots if slot.price_ueur_kwh is not None]
    full = sum(bool(slot.limits) for slot in slots)
    return [
        shared_figure(shared(slots, over=over)),
        Figure(
            _("Price"),
            figures.price(min(prices)) if prices else "—",
            _("lowest; highest %(price)s") % {"price": figures.price(max(prices))} if prices else "",
        ),
        Figure(
            _("With the grid"),
            figures.kwh(sum(s.import_wh for s in slots)),
            _("taken; %(given)s given") % {"given": figures.kwh(sum(s.export_wh for s in slots))},
        ),
        Figure(_("Cables at their limit"), str(full), ngettext("quarter of an hour", "quarters of an hour", full)),
    ]


def shared_figure(found: Shared) -> Figure:
    """What neighbours shared; of too few homes that it is so."""
    label = _("Shared among neighbours")
    if found.wh is None:
        return Figure(label, "—", _("fewer than five homes"))
    return Figure(label, figures.kwh(found.wh), "" if found.whole else _("or more"))


def congestion_rows(found: Sequence[Congestion]) -> list[dict[str, object]]:
    """Each congestion: when, and what was full."""
    return [
        {"start": row.start, "end": row.end, "title": _element(row.element, row.kind), "note": _meaning(row.kind)}
        for row in found
    ]


def _element(element: str, kind: str) -> str:
    names = {
        "import": _("The transformer's import limit was reached"),
        "export": _("The transformer's export limit was reached"),
        "transformer": _("The transformer was fully used"),
        "line": _("Line %(name)s was fully used") % {"name": element},
        "voltage_high": _("The voltage at %(name)s reached its upper limit") % {"name": element},
        "voltage_low": _("The voltage at %(name)s reached its lower limit") % {"name": element},
    }
    return names.get(kind, element)


def _meaning(kind: str) -> str:
    if kind in {"export", "voltage_high"}:
        return _("Batteries took what they could; what was too much stayed on the roofs.")
    return _("Cars and batteries that could wait took turns.")


def troubles(slots: Sequence[StreetSlot]) -> list[dict[str, object]]:
    """Slots without a market and grid emergencies, in words."""
    rows: list[dict[str, object]] = []
    for slot in slots:
        if slot.status == "fallback":
            text = _("The clearing did not pass its own check, so everybody was with their retailer.")
            rows.append({"start": slot.start, "end": slot.end, "title": text})
        if slot.emergency:
            text = _("Energy that no market can move was beyond a limit of the grid; the operator was told.")
            rows.append({"start": slot.start, "end": slot.end, "title": text})
    return rows


def hours(slots: Sequence[StreetSlot], *, over: bool = True) -> list[Hour]:
    """The day hour by hour."""
    grouped: dict[datetime, list[StreetSlot]] = {}
    for slot in slots:
        grouped.setdefault(slot.start.replace(minute=0), []).append(slot)
    answer = []
    for start, group in grouped.items():
        traded_wh = sum(slot.traded_wh for slot in group)
        worth = sum(slot.paid_neur for slot in group)
        answer.append(
            Hour(
                start,
                shared(group, over=over).wh,
                sum(slot.import_wh for slot in group),
                sum(slot.export_wh for slot in group),
                worth // traded_wh if traded_wh else None,
            )
        )
    return answer
