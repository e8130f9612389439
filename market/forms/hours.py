"""Hours of an owner's own in a form: one row each, and a few empty ones."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from market.agents import HoursRule
from market.forms.fields import ClockField, PriceField, clock_of, minute_of, to_ueur
from market.models import MandateHours
from market.wording.typed import written_euros

# So many rows at most, and so many empty ones below those in use.
MOST_ROWS, SPARE_ROWS = 12, 1


class HoursForm(forms.Form):
    """Hours of the owner's own, with prices for them or without any trading. An empty row says nothing."""

    days = forms.ChoiceField(label=_("On"), choices=MandateHours.Days.choices, initial="every", required=False)
    begins = ClockField(label=_("From"))
    ends = ClockField(label=_("To"))
    min_sell = PriceField(label=_("Sell from"), required=False)
    max_buy = PriceField(label=_("Buy up to"), required=False)
    no_trade = forms.BooleanField(label=_("Trade nothing in these hours"), required=False)
    remove = forms.BooleanField(label=_("Remove these hours"), required=False)

    def clean(self) -> dict[str, Any]:
        """Half a rule is no rule: say what is missing."""
        given = self.cleaned_data
        limits = [given.get("min_sell"), given.get("max_buy"), given.get("no_trade") or None]
        if (
            given.get("remove")
            or self.errors
            or all(value is None for value in (*limits, given.get("begins"), given.get("ends")))
        ):
            return given
        begins, ends = given.get("begins"), given.get("ends")
        for name, value in (("begins", begins), ("ends", ends)):
            if value is None:
                self.add_error(name, _("Write the time, such as 22:00, or leave the whole row empty."))
        if begins is not None and begins == ends and begins != time():
            self.add_error("ends", _("These hours end when they begin. For a whole day write 00:00 twice."))
        if all(value is None for value in limits):
            self.add_error("min_sell", _("Write a price, or tick that nothing is traded in these hours."))
        return given

    def rule(self) -> HoursRule | None:
        """The row as a rule; None for an empty or removed one."""
        given = self.cleaned_data
        if given["remove"] or given["begins"] is None:
            return None
        free = not given["no_trade"]
        return HoursRule(
            days=given["days"] or "every",
            from_minute=minute_of(given["begins"]),
            to_minute=minute_of(given["ends"]) or 24 * 60,
            min_sell_ueur_kwh=to_ueur(given["min_sell"]) if free else None,
            max_buy_ueur_kwh=to_ueur(given["max_buy"]) if free else None,
            may_trade=free,
        )


def hours_rows(data: Mapping[str, Any] | None, rules: Sequence[HoursRule]) -> list[HoursForm]:
    """A row for each of the owner's hours and some to fill; what was typed, if anything was."""
    if data is None:
        count = min(len(rules) + SPARE_ROWS, MOST_ROWS)
    else:
        count = 1 + max((i for i in range(MOST_ROWS) if f"hours-{i}-begins" in data), default=-1)
    written = [written_hours(rule) for rule in rules]
    return [
        HoursForm(data, prefix=f"hours-{i}", initial=written[i] if i < len(written) else None)
        for i in range(count)
    ]


def written_hours(rule: HoursRule) -> dict[str, Any]:
    return {
        "days": rule.days,
        "begins": clock_of(rule.from_minute),
        "ends": clock_of(rule.to_minute % (24 * 60)),
        "min_sell": written_euros(rule.min_sell_ueur_kwh),
        "max_buy": written_euros(rule.max_buy_ueur_kwh),
        "no_trade": not rule.may_trade,
    }
