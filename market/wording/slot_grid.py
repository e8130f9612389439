"""The street's cables in one slot, in words: full limits, the finer check, rent, voltages and losses."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market import price_reasons, reasons
from market.models import Slot
from market.wording.congestion import element_name
from market.wording.slot import Fact


def grid(slot: Slot, rent_rule: str, *, tells_rent: bool) -> list[str]:
    """What the cables did to the slot, from what held energy back to where its money goes, if that may be told."""
    return [*(_bindings(slot.bindings) or [_no_bindings(slot)]), *_checked(slot, rent_rule if tells_rent else "")]


def _bindings(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The limits that held energy back; three phases of which nothing different is said are said once."""
    return list(dict.fromkeys(reasons.binding(row) for row in rows))


def _no_bindings(slot: Slot) -> str:
    if slot.status == Slot.Status.OPEN:
        return _("The cables are checked when the slot clears.")
    return _("No cable and no transformer came to its limit.")


def _checked(slot: Slot, rent_rule: str) -> Iterator[str]:
    if slot.reclears:
        yield _reclears(slot)
    if slot.emergency:
        yield _("Energy that no market can move was beyond a limit of the grid; the operator was told.")
    rent = price_reasons.rent(slot, rent_rule) if rent_rule else ""
    if rent:
        yield rent


def _reclears(slot: Slot) -> str:
    """How often the finer check had the market asked again, and which limits it moved."""
    again = ngettext(
        "A finer check of the cables moved a limit, and the market was asked again.",
        "A finer check of the cables moved limits, and the market was asked again %(count)s times.",
        slot.reclears,
    ) % {"count": slot.reclears}
    names = dict.fromkeys(element_name(row["element"], row["kind"]) for row in slot.moved_limits)
    if not names:
        return again
    return _("%(again)s It was about: %(limits)s.") % {"again": again, "limits": "; ".join(names)}


def state(slot: Slot, phase_v: float | None) -> list[Fact]:
    """Voltages and losses that the finer check found; nothing where there are no cables or none could be found.

    `phase_v` is the nominal voltage from a phase to the neutral.
    """
    if phase_v is None or slot.voltage_min_pu is None or slot.voltage_max_pu is None:
        return []
    return [
        Fact(_("Lowest voltage"), figures.volts(slot.voltage_min_pu * phase_v)),
        Fact(_("Highest voltage"), figures.volts(slot.voltage_max_pu * phase_v)),
        Fact(_("Lost as heat"), figures.watt_hours(slot.loss_wh)),
    ]
