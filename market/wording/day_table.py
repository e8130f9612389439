"""A home's day as a table: the slots' figures in the order of the page that shows them."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from community import figures
from community.table_rows import Cell, TableRow
from market.addresses import slot_address
from market.queries.day import DaySlot
from market.queries.months import SettledSlot

NOTHING = "—"


def day_rows(slots: Iterable[DaySlot], at: datetime, keep: Mapping[str, str]) -> list[TableRow]:
    """The street's price and the retailer's two, what was sold and bought, and what that gained.

    Of a slot to come, what is expected: the price, and what the home gives or takes.
    """
    return [
        TableRow(
            figures.span(slot.start, slot.end),
            (
                Cell(_price(_first(slot.price_ueur_kwh, slot.price_expected_ueur_kwh))),
                Cell(_price(slot.feed_in_ueur_kwh)),
                Cell(_price(slot.retail_ueur_kwh)),
                _energy(slot.sold_wh, "num sold"),
                _energy(slot.bought_wh, "num bought"),
                Cell(
                    NOTHING if slot.saving_neur is None else figures.euros(slot.saving_neur, 3),
                    note=_("provisional") if slot.provisional else "",
                ),
            ),
            address=slot_address(slot.start, keep) if slot.status and slot.start < at else "",
            look="planned" if slot.start >= at else "",
            start=slot.start,
            remark=_expected(slot) if slot.start >= at else "",
        )
        for slot in slots
    ]


def settled_rows(slots: Iterable[SettledSlot], keep: Mapping[str, str]) -> list[TableRow]:
    """The street's price, what the meter saw, and what of it was traded."""
    return [
        TableRow(
            figures.clock(slot.start),
            (
                Cell(_price(slot.price_ueur_kwh)),
                _energy(slot.import_wh),
                _energy(slot.export_wh),
                _energy(slot.bought_wh, "num bought"),
                _energy(slot.sold_wh, "num sold"),
            ),
            address=slot_address(slot.start, keep),
        )
        for slot in slots
    ]


def _first(price_ueur_kwh: int | None, expected_ueur_kwh: int | None) -> int | None:
    return expected_ueur_kwh if price_ueur_kwh is None else price_ueur_kwh


def _expected(slot: DaySlot) -> str:
    """What the forecast says of a slot to come."""
    if not slot.forecast_wh:
        return _("expected")
    words = _("expected: you take %(energy)s") if slot.forecast_wh > 0 else _("expected: you give %(energy)s")
    return words % {"energy": figures.kwh(abs(slot.forecast_wh))}


def _price(price_ueur_kwh: int | None) -> str:
    return NOTHING if price_ueur_kwh is None else figures.price_number(price_ueur_kwh)


def _energy(energy_wh: int, look: str = "num") -> Cell:
    return Cell(figures.kwh_number(energy_wh), look) if energy_wh else Cell(NOTHING)
