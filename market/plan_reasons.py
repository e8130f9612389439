"""What the agent means to do next, and why, in words: a plan step becomes a title and a note.

Codes and facts are those of `market/agents/plan.py`; see `market/reasons.py` for the rule that they obey.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from community import figures
from market.reasons import unknown

# Reason: title, note, and the facts without which the note is left out.
Templates = dict[str, tuple[str, str, tuple[str, ...]]]


def plan_step(
    reason: str, facts: Mapping[str, Any], *, start: datetime, energy_wh: int, limit_ueur_kwh: int | None
) -> tuple[str, str]:
    """What a step will do (energy in Wh, limit in µ€/kWh), and why; the second sentence may be empty."""
    words = {
        "energy": figures.kwh(energy_wh),
        "limit": figures.price(limit_ueur_kwh or 0),
        "price": figures.price(facts.get("price_ueur_kwh", 0)),
        "worth": figures.price(facts.get("worth_ueur_kwh", 0)),
        "when": _moment(facts.get("worth_at"), start),
        "ready": _moment(facts.get("ready_by"), start),
    }
    title, note, needs = _templates().get(reason, (unknown(reason), "", ()))
    return title % words, note % words if all(facts.get(name) for name in needs) else ""


def _templates() -> Templates:
    return {**_of_batteries(), **_of_the_rest()}


def _of_batteries() -> Templates:
    worth = ("worth_ueur_kwh", "worth_at")
    return {
        "store_surplus": (
            _("The battery stores %(energy)s of your surplus."),
            _("Each kWh kept is worth %(worth)s at %(when)s; sold now it would bring %(price)s."),
            worth,
        ),
        "store_cheap": (
            _("The battery charges %(energy)s, at %(limit)s or less."),
            _("Each kWh kept is worth %(worth)s at %(when)s."),
            worth,
        ),
        "cover_need": (
            _("The battery covers %(energy)s of your need."),
            _("That spares you %(price)s; kept for later, each kWh is worth %(worth)s."),
            worth,
        ),
        "sell_dear": (
            _("The battery sells up to %(energy)s, at %(limit)s or more."),
            _("Kept for later, each kWh is worth %(worth)s; your reserve is not touched."),
            worth,
        ),
        "wait_for_dearer": (
            _("The battery waits."),
            _("Each stored kWh is worth %(worth)s at %(when)s; now it would spare you %(price)s."),
            worth,
        ),
        "at_reserve": (
            _("The battery keeps your reserve."),
            _("You can lower the reserve in “My rules”."),
            (),
        ),
        "full": (_("The battery is full."), _("Your surplus goes to the street, at %(price)s or more."), ()),
        "idle": (_("The battery rests."), _("There is nothing to gain from it in these hours."), ()),
        **_by_tariff(),
    }


def _by_tariff() -> Templates:
    """What the rule does that goes by the tariff's hours alone."""
    return {
        "dear_hours": (
            _("The battery covers your need."),
            _("These are dear hours of your tariff: %(price)s."),
            ("price_ueur_kwh",),
        ),
        "cheap_hours": (
            _("The battery keeps what it has and takes your surplus."),
            _("These are cheaper hours of your tariff: %(price)s."),
            ("price_ueur_kwh",),
        ),
    }


def _of_the_rest() -> Templates:
    return {
        "ready_by": (
            _("The car charges %(energy)s, to be ready at %(ready)s."),
            _("These are the cheapest hours before then: %(limit)s or less."),
            ("ready_by",),
        ),
        "in_window": (
            _("The car charges %(energy)s."),
            _("This suits the street's cables and the other cars; %(limit)s or less."),
            (),
        ),
        "surplus": (
            _("Your home has about %(energy)s to spare."),
            _("Your agent offers it; %(price)s or more is expected."),
            (),
        ),
        "need": (
            _("Your home needs about %(energy)s from the street."),
            _("Your agent asks for it; %(price)s or less is expected."),
            (),
        ),
    }


def _moment(iso: str | None, start: datetime) -> str:
    """A local time of day, with its date if that is not the step's own."""
    if not iso:
        return ""
    instant = datetime.fromisoformat(iso)
    local, day = timezone.localtime(instant), timezone.localtime(start).date()
    if local.date() == day:
        return figures.clock(instant)
    return _("%(time)s on %(day)s") % {"time": figures.clock(instant), "day": figures.day(local)}
