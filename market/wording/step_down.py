"""Why a home's agent decides on a lower level than it can, in one sentence for its owner."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.models import StepDown


def notice(step: StepDown | None) -> dict[str, str] | None:
    """The notice of a step down that is under way; None if there is none."""
    if step is None:
        return None
    time = figures.clock(step.since)
    text = f"{why(step.reason, step.facts)} {_meanwhile(step.level)}"
    return {"badge": _("since %(time)s") % {"time": time}, "text": text}


def _meanwhile(level: str) -> str:
    if level == StepDown.Level.SELF_CONSUMPTION:
        return _("Meanwhile your home uses its own energy first and your agent places no orders.")
    if level == StepDown.Level.RULE:
        return _("Meanwhile your agent goes by the hours of your tariff.")
    return _("Meanwhile your agent plans by your tariff and the forecast.")


def why(reason: str, facts: Mapping[str, Any]) -> str:
    """What is wrong, and so what it waits for."""
    if reason == "battery_silent":
        hours = max(int(facts.get("minutes", 0)) // 60, 1)
        text = ngettext(
            "Your battery has not reported for %(count)s hour.",
            "Your battery has not reported for %(count)s hours.",
            hours,
        )
        return text % {"count": hours}
    if reason == "meters_silent":
        text = _("%(silent)s of the street's %(homes)s meters have been silent for longer than usual.")
        return text % {"silent": facts.get("silent", 0), "homes": facts.get("homes", 0)}
    if reason == "forecast_wrong":
        text = _("The error of the street's forecast has lately been %(percent)s of what is usual.")
        return text % {"percent": figures.percent(facts.get("pct", 0))}
    if reason == "price_out_of_band":
        text = _("Neighbours traded at %(price)s, which no retailer here charges or pays.")
        return text % {"price": figures.price(facts.get("price_ueur_kwh", 0))}
    return {
        "forecast_missing": _("There is no forecast for your home yet."),
        "forecast_stale": _("The forecast for your home has not been renewed in time."),
        "tariffs_unknown": _("Your agent has not learned your street's new tariffs yet."),
    }.get(reason, _("Your agent lacks something that it plans with."))
