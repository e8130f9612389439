"""What was noted beside an event, in the reader's words: the record itself keeps stable codes."""

import re
from collections.abc import Callable
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community import figures
from community.models import AuditEvent, Community, Member, Region, What
from metering.forms.meters import SCOPES

CHOICES: dict[str, type[TextChoices]] = {
    "price_rule": Community.PriceRule,
    "fairness_rule": Community.FairnessRule,
    "pool_rule": Community.PoolRule,
    "rent_rule": Community.RentRule,
}
RULES = {
    "price_rule": gettext_lazy("How the price is made"),
    "fairness_rule": gettext_lazy("Who goes first when not all fits"),
    "curtailment_cap_pct": gettext_lazy("Most that a home may lose to the cables"),
    "rent_rule": gettext_lazy("How congestion rent is given back"),
    "pool_pct": gettext_lazy("Part of every gain that goes into the pool"),
    "pool_rule": gettext_lazy("How the pool is shared"),
    "grid_fee_ueur_kwh": gettext_lazy("On the same feeder"),
    "grid_fee_substation_ueur_kwh": gettext_lazy("Between two feeders of one substation"),
    "grid_fee_beyond_ueur_kwh": gettext_lazy("Between two substations"),
    "import_limit_w": gettext_lazy("Most that the street may take"),
    "export_limit_w": gettext_lazy("Most that the street may give"),
}
MONTH = re.compile(r"(\d{4})-(\d{2})")
DAY_AT_END = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
OUTSIDE = {
    "join on": gettext_lazy("who passes by may ask to join"),
    "join off": gettext_lazy("who passes by may not ask to join"),
    "figures on": gettext_lazy("its figures are public"),
    "figures off": gettext_lazy("its figures are not public"),
}
IN_A_LIST = {
    "new-home": gettext_lazy("new homes"),
    "renamed": gettext_lazy("names"),
    "new-meter": gettext_lazy("meters"),
    "contract": gettext_lazy("contracts"),
    "priority": gettext_lazy("priorities"),
    "node": gettext_lazy("connections"),
    "handed-over": gettext_lazy("homes handed over"),
    "invited": gettext_lazy("invitations"),
    "invitation-ended": gettext_lazy("invitations ended"),
    "invitation-moved": gettext_lazy("invitations for another home"),
    "addressee": gettext_lazy("invitations for another name"),
}


def note(event: AuditEvent) -> str:
    """The note in words; one that is not written as expected stands as it is."""
    said = event.reason
    if not said:
        return ""
    try:
        return _WRITTEN.get(event.what, str)(said)
    except (KeyError, TypeError, ValueError):
        return said


def _month(said: str) -> str:
    found = MONTH.fullmatch(said)
    return figures.month(date(int(found[1]), int(found[2]), 1)) if found else said


def _from_day(said: str) -> str:
    return DAY_AT_END.sub(lambda found: figures.day_and_year(date.fromisoformat(found[0])), said)


def _role(said: str) -> str:
    return " → ".join(str(Member.Role(one).label) for one in said.split(" → "))


def _law(said: str) -> str:
    region, mode = said.split(", ")
    return f"{Region(region).label}, {Community.LegalMode(mode).label}"


def _outside(said: str) -> str:
    return ", ".join(str(OUTSIDE[one]) for one in said.split(", "))


def _scopes(said: str) -> str:
    return _("it may: %(what)s") % {"what": ", ".join(str(SCOPES[one]) for one in said.split(", "))}


def _list(said: str) -> str:
    parts = (one.rsplit(" ", 1) for one in said.split(", "))
    return ", ".join(f"{IN_A_LIST[code]}: {number}" for code, number in parts)


def _home(said: str) -> str:
    return {"renamed": _("its name")}.get(said, said)


def _rules(said: str) -> str:
    return "; ".join(_rule(*one.split("=")) for one in said.split(", "))


def _rule(name: str, value: str) -> str:
    return f"{RULES[name]}: {_value(name, value)}"


def _value(name: str, value: str) -> str:
    if value == "None":
        return _("no limit") if name.endswith("_w") else "—"
    if name.endswith("_ueur_kwh"):
        return figures.price_exact(int(value))
    if name.endswith("_w"):
        return figures.kilowatts(int(value))
    if name.endswith("_pct"):
        return figures.percent(int(value))
    return str(CHOICES[name](value).label)


_MONTHS = (What.MONTH_CLOSED, What.MONTH_CORRECTED, What.MONTH_SEEN, What.HELD_BACK_SEEN)
_TOKENS = (What.TOKEN_ISSUED, What.TOKEN_REVOKED, What.CODE_PREPARED, What.TOKEN_FETCHED)
_WRITTEN: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(_MONTHS, _month),
    **dict.fromkeys(_TOKENS, _scopes),
    **dict.fromkeys((What.OFFER_CHANGED, What.CONTRACT_CHANGED), _from_day),
    What.ROLE_CHANGED: _role,
    What.LAW_CHANGED: _law,
    What.OUTSIDE_CHANGED: _outside,
    What.NEIGHBOURS_IMPORTED: _list,
    What.HOME_CHANGED: _home,
    What.RULES_CHANGED: _rules,
}
