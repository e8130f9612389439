"""Why a battery's energy or a car's charging was worth what it was: stored causes as sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from community import figures

Facts = Mapping[str, Any]


def device_why(why: Facts) -> list[str]:
    """The worth, its strongest causes with their figures, and what would have had to be different.

    `why` is what was stored with the set-point; empty for devices that no policy decided for.
    """
    if "worth_ueur_kwh" not in why:
        return []
    sentences = [_worth(why)]
    sentences += [_cause(*cause) for cause in why.get("causes", [])]
    return [*sentences, *_otherwise(why)]


def _worth(why: Facts) -> str:
    worth, planner = why["worth_ueur_kwh"], why.get("planner_ueur_kwh")
    if planner is None:
        return _("Charging now was worth %(worth)s to you.") % {"worth": figures.price(worth)}
    said = {"worth": figures.price(worth), "planner": figures.price(planner)}
    if figures.price(worth) == figures.price(planner):
        return _("A stored kWh was worth %(worth)s to you, by the street's plan for the hours ahead.") % said
    return (
        _(
            "A stored kWh was worth %(worth)s to you: the street's plan for the hours ahead said %(planner)s, "
            "corrected by what past weeks taught the agents about where such plans miss."
        )
        % said
    )


def _cause(code: str, figure: float, added_ueur_kwh: int) -> str:
    """What one figure added to the worth."""
    words = _figures(figure).get(code)
    if words is None:
        words = f"{code} {figure}"
    added = {"cause": words, "price": figures.price(abs(added_ueur_kwh))}
    if added_ueur_kwh >= 0:
        return _("%(cause)s: that added %(price)s.") % added
    return _("%(cause)s: that took %(price)s away.") % added


def _figures(figure: float) -> dict[str, str]:
    """What each code's figure says; shares are of what all batteries of the street hold, or of its usual price."""
    share = figures.percent(round(100 * figure))
    part = {"share": share}
    beside = {"share": figures.percent(round(abs(100 * figure)))}
    dearer = figure >= 0
    return {
        "surplus_soon": _("Sun to spare in the next 7 hours, %(share)s of what batteries hold") % part,
        "need_soon": _("Need of the street in the next 7 hours, %(share)s of what batteries hold") % part,
        "surplus_later": _("Sun to spare in the 17 hours after those, %(share)s of what batteries hold") % part,
        "need_later": _("Need of the street in the 17 hours after those, %(share)s of what batteries hold") % part,
        "price_now": (
            _("Retailers charge %(share)s more than usual now") if dearer
            else _("Retailers charge %(share)s less than usual now")
        ) % beside,
        "dearest_ahead": (
            _("The dearest of the next 12 hours costs %(share)s more than usual") if dearer
            else _("Even the dearest of the next 12 hours costs %(share)s less than usual")
        ) % beside,
        "cheapest_ahead": (
            _("Even the cheapest of the next 12 hours costs %(share)s more than usual") if dearer
            else _("The cheapest of the next 12 hours costs %(share)s less than usual")
        ) % beside,
        "fullest_ahead": _("The street's connection will be used up to %(share)s in the next 12 hours") % part,
        "stored": _("The street's batteries are %(share)s full")
        % {"share": figures.percent(round(100 * (figure + 0.5)))},
        "cars": _("The street's cars still need %(share)s of what the batteries hold") % part,
        "net_now": (
            _("The street needs %(share)s of what the batteries hold in an hour like this") if dearer
            else _("The street has %(share)s of what the batteries hold to spare in an hour like this")
        ) % beside,
        "always": _("On the whole, plans like this one stray"),
    }  # fmt: skip


def _otherwise(why: Facts) -> list[str]:
    """The counterfactual: from which price on the device would have done something else."""
    answer = []
    if why.get("gives_from_ueur_kwh") is not None:
        answer.append(
            _("Below %(price)s it would rather keep what it has.")
            % {"price": figures.price(why["gives_from_ueur_kwh"])}
        )
    if why.get("takes_up_to_ueur_kwh") is not None:
        answer.append(
            _("Above %(price)s it would rather wait.") % {"price": figures.price(why["takes_up_to_ueur_kwh"])}
        )
    return answer
