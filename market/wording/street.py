"""The street's day in words and rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.queries.street import Congestion, StreetSlot, shared_wh
from market.wording.home import price_span


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the four numbers."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the street: energies in Wh (None: traded by too few homes), the mean price weighted by them."""

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
    if shared_wh(slots) is None:
        words = ngettext(
            "%(homes)d home shared energy at %(price)s on average; fewer than five sold it, or bought it.",
            "%(homes)d homes shared energy at %(price)s on average; fewer than five sold it, or bought it.",
            homes,
        )
    return words % {"homes": homes, "energy": figures.kwh(traded_wh), "price": figures.price(mean)}


def chart_sentence(slots: Sequence[StreetSlot]) -> str:
    """What the picture shows, for those who do not see it."""
    shared = shared_wh(slots)
    told = [
        _("What neighbours shared is not told: fewer than five sold it, or bought it.")
        if shared is None
        else _("Neighbours shared %(shared)s.") % {"shared": figures.kwh(shared)},
        _("%(taken)s came from the grid and %(given)s went there.")
        % {
            "taken": figures.kwh(sum(slot.import_wh for slot in slots)),
            "given": figures.kwh(sum(slot.export_wh for slot in slots)),
        },
    ]
    if shared and any(slot.traded_wh and shared_wh([slot]) is None for slot in slots):
        told.append(
            _("Of slots in which fewer than five sold, or bought, only the day's sum holds what was shared.")
        )
    words = " ".join(told)
    return f"{price_span([slot.price_ueur_kwh for slot in slots if slot.price_ueur_kwh is not None])} {words}"


def figures_of(slots: Sequence[StreetSlot]) -> list[Figure]:
    """The four numbers of the day."""
    prices = [slot.price_ueur_kwh for slot in slots if slot.price_ueur_kwh is not None]
    full = sum(bool(slot.limits) for slot in slots)
    return [
        shared(shared_wh(slots)),
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


def shared(wh: int | None) -> Figure:
    """What neighbours shared; of too few homes that it is so."""
    label = _("Shared among neighbours")
    return Figure(label, "—", _("fewer than five homes")) if wh is None else Figure(label, figures.kwh(wh), "")


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


def hours(slots: Sequence[StreetSlot]) -> list[Hour]:
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
                shared_wh(group),
                sum(slot.import_wh for slot in group),
                sum(slot.export_wh for slot in group),
                worth // traded_wh if traded_wh else None,
            )
        )
    return answer
