"""The congestion log in words: the month's sentence, its figures, the limits, how the cables fared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.grid.congestion import ElementLog
from market.queries.congestion import CongestionMonth, StreetHeld
from market.wording.congestion_homes import share
from market.wording.street import Figure

ELEMENT_COLUMNS = (
    "element", "kind", "phase", "congested_minutes", "largest_loading_pct", "largest_worth_ueur_kwh", "worth_neur",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ElementRow:
    """A limit by its name, the phase it is about (empty for all), and its figures as written."""

    name: str
    phase: str
    hours: str
    loading: str
    worth: str


def hours(span: timedelta) -> str:
    """Hours to the quarter without idle zeros: `10.75 h`, `3 h`."""
    minutes = span // timedelta(minutes=1)
    decimals = 0 if minutes % 60 == 0 else 1 if minutes % 30 == 0 else 2
    return f"{figures.number(Decimal(minutes) / 60, decimals)}{figures.NBSP}h"


def sentence(found: CongestionMonth, *, running: bool) -> str:
    """What the month's congestion came to, in one sentence; a month without any is good news."""
    month = figures.month_name(found.month)
    if not found.log.congested:
        words = (
            _("So far in %(month)s the street's cables have always had room.")
            if running
            else _("In %(month)s the street's cables always had room.")
        )
        return words % {"month": month}
    words = (
        _("So far in %(month)s the street's cables have been full for %(hours)s; %(rest)s.")
        if running
        else _("In %(month)s the street's cables were full for %(hours)s; %(rest)s.")
    )
    return words % {"month": month, "hours": hours(found.log.congested), "rest": _held_words(found.told)}


def _held_words(total: StreetHeld) -> str:
    """The largest of what was held back, of what may be told."""
    kinds = (
        (total.sun, _("%(energy)s of sun stayed on the roofs, %(share)s of it")),
        (total.wishes, _("%(energy)s of wishes went unserved, %(share)s of them")),
        (total.battery, _("%(energy)s stayed in the batteries, %(share)s of what they offered")),
    )
    told = [(held, words) for held, words in kinds if held is not None and held.held_wh]
    if not told and not total.whole:
        return _("what was held back is not told, as it was of fewer than five homes")
    if not told:
        return _("nothing had to be held back")
    held, words = max(told, key=lambda kind: kind[0].held_wh)
    return words % {"energy": figures.kwh(held.held_wh), "share": share(held)}


def days_sentence(days: Mapping[date, timedelta]) -> str:
    """What the picture of the days shows, for those who do not see it."""
    longest = max(days, key=lambda day: (days[day], day))
    said = {"count": len(days), "day": figures.day(longest), "hours": hours(days[longest])}
    words = ngettext(
        "Cables were full on %(count)s day: %(hours)s on %(day)s.",
        "Cables were full on %(count)s days, longest on %(day)s: %(hours)s.",
        len(days),
    )
    return words % said


def month_figures(found: CongestionMonth) -> list[Figure]:
    """The four numbers of the month."""
    total = found.told
    return [
        Figure(
            _("Cables full"),
            hours(found.log.congested),
            _("%(share)s of the time") % {"share": figures.percent(_part_of_time(found), 1)},
        ),
        Figure(
            _("Held back"),
            figures.kwh(total.held.held_wh),
            _("of %(asked)s asked for") % {"asked": figures.kwh(total.held.asked_wh)},
        ),
        Figure(_("Gain that was lost"), *_lost(total)),
        Figure(_("Congestion rent"), *_rent(found.rent_neur)),
    ]


def _rent(rent_neur: int | None) -> tuple[str, str]:
    if rent_neur is None:
        return "—", _("fewer than five homes")
    return figures.euros(rent_neur), _("paid for room in full cables")


def _lost(total: StreetHeld) -> tuple[str, str]:
    if total.lost_neur is None:
        return "—", _("fewer than five homes")
    return figures.euros(total.lost_neur), _("by all homes together")


def _part_of_time(found: CongestionMonth) -> float:
    return 100 * (found.log.congested / found.log.cleared) if found.log.cleared else 0.0


def element_rows(elements: Sequence[ElementLog]) -> list[ElementRow]:
    """Every limit that bound, by name."""
    return [
        ElementRow(
            element_name(log.element, log.kind),
            _("phase %(phase)s") % {"phase": log.phase} if log.phase else "",
            hours(log.congested),
            "—" if log.loading_pct is None else figures.percent(log.loading_pct),
            "—" if log.rent_neur is None else figures.euros(log.rent_neur),
        )
        for log in elements
    ]


def element_name(element: str, kind: str) -> str:
    """A limit as a title; a kind that this version does not know is shown as it is."""
    names = {
        "import": _("Import limit of the transformer"),
        "export": _("Export limit of the transformer"),
        "transformer": _("Transformer"),
        "line": _("Line %(name)s") % {"name": element},
        "voltage_high": _("Voltage at %(name)s, upper limit") % {"name": element},
        "voltage_low": _("Voltage at %(name)s, lower limit") % {"name": element},
    }
    return names.get(kind, f"{element} ({kind})")


def grid_facts(found: CongestionMonth) -> list[tuple[str, str]]:
    """How the cables fared, as AC power flow and the clearings saw them; what was not looked at is left out."""
    log = found.log
    facts = []
    if log.loading_max_pct is not None:
        facts.append(
            (
                _("Fullest cable or transformer, the connection to the grid apart"),
                figures.percent(log.loading_max_pct),
            )
        )
    if found.band_pu and log.voltage_min_pu is not None:
        facts.append((_("Lowest voltage"), _margin(log.voltage_min_pu, log.voltage_min_pu - found.band_pu[0])))
    if found.band_pu and log.voltage_max_pu is not None:
        facts.append((_("Highest voltage"), _margin(log.voltage_max_pu, found.band_pu[1] - log.voltage_max_pu)))
    facts.append((_("Lost in cables and transformer"), figures.kwh(log.loss_wh)))
    facts.append((_("Cleared again after the check"), _times(log.cleared_again)))
    facts.append((_("Grid emergencies"), _times(log.emergencies)))
    return facts


def _margin(voltage_pu: float, margin_pu: float) -> str:
    """A voltage as a part of the nominal one, and how far inside its limit it stayed."""
    words = (
        _("%(voltage)s; %(margin)s inside its limit")
        if margin_pu >= 0
        else _("%(voltage)s; %(margin)s beyond its limit")
    )
    return words % {
        "voltage": figures.percent(100 * voltage_pu, 1),
        "margin": figures.percent(100 * abs(margin_pu), 1),
    }


def _times(count: int) -> str:
    return ngettext("%(count)d time", "%(count)d times", count) % {"count": count} if count else _("never")


def rent_rule(rule: str) -> str:
    """Where congestion rent goes, by the community's rule."""
    words = {
        "per_kwh": _("It goes back to the homes, by what each of them traded."),
        "cut_homes": _("It goes back to the homes, by what the cables cost each of them."),
        "equal": _("It goes back to the homes, the same to each."),
    }
    return words.get(rule, rule)


def csv_element(log: ElementLog) -> tuple[object, ...]:
    """A limit in the order of `ELEMENT_COLUMNS`; a phase that is empty is all three, a figure that is withheld."""
    minutes = log.congested // timedelta(minutes=1)
    return (
        log.element,
        log.kind,
        log.phase,
        minutes,
        "" if log.loading_pct is None else round(log.loading_pct, 1),
        log.shadow_ueur_kwh,
        "" if log.rent_neur is None else log.rent_neur,
    )
