"""The owner's rules for the agent, as a form."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from community.tariffs import local_day
from market.addresses import NEWEST_YEAR
from market.agents import HoursRule
from market.agents import Mandate as MandateTerms
from market.forms.fields import (
    UEUR,
    ClockField,
    PriceField,
    Slider,
    TenthsField,
    clock_of,
    minute_of,
    to_ueur,
    written_tenths,
)
from market.forms.hours import hours_rows
from market.wording.typed import written_euros

HOURS = {
    "P1": _("Peak (working days 10–14 and 18–22 h)"),
    "P2": _("Mid (working days 8–10, 14–18 and 22–24 h)"),
    "P3": _("Off-peak (nights 0–8 h, weekends and national holidays)"),
}
# What is asked of a home with a charger only.
CAR = ("ev_ready", "ev_target", "ev_from", "ev_until")
OBJECTIVES = {
    "savings": _("Savings: pay as little as possible over the month"),
    "revenue": _("Revenue: sell stored energy when the price is good"),
    "resilience": _("Resilience: keep at least half of the battery for a power cut"),
}


class MandateForm(forms.Form):
    """The owner's limits. A home is asked about a battery or a car only if it has one.

    `given` are the limits in force, which the form starts with; those of a new home are wide.
    """

    min_sell = PriceField(
        label=_("Sell at no less than"), help_text=_("What you receive for each kWh. 0 leaves it to your agent.")
    )
    max_buy = PriceField(
        label=_("Buy at no more than"),
        help_text=_("What you pay for each kWh. You never pay neighbours more than your retailer asks."),
    )
    reserve_pct = forms.IntegerField(
        label=_("Battery reserve"),
        min_value=5,
        max_value=100,
        widget=Slider(100, "1", least=5),
        help_text=_("This part of the battery is never sold. 5 to 100 percent."),
        error_messages={
            "min_value": _("Keep at least 5 percent, so that the battery lasts."),
            "max_value": _("A battery holds 100 percent at most."),
        },
    )
    sell_periods = forms.MultipleChoiceField(
        label=_("Hours in which I sell"),
        choices=list(HOURS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    buy_periods = forms.MultipleChoiceField(
        label=_("Hours in which I buy"),
        choices=list(HOURS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    objective = forms.ChoiceField(
        label=_("What matters most"), choices=list(OBJECTIVES.items()), widget=forms.RadioSelect
    )
    grid_charge = forms.BooleanField(
        label=_("The battery may fill up from the grid when that is cheap"), required=False
    )
    paused = forms.BooleanField(
        label=_("Pause: my agent trades nothing"),
        required=False,
        help_text=_("Your retailer supplies you and takes your surplus, as before."),
    )

    min_sell_p1 = PriceField(label=_("Sell from"), required=False)
    max_buy_p1 = PriceField(label=_("Buy up to"), required=False)
    min_sell_p2 = PriceField(label=_("Sell from"), required=False)
    max_buy_p2 = PriceField(label=_("Buy up to"), required=False)
    min_sell_p3 = PriceField(label=_("Sell from"), required=False)
    max_buy_p3 = PriceField(label=_("Buy up to"), required=False)
    cycles = TenthsField(
        label=_("Full cycles a day, at most"),
        least=Decimal("0.1"),
        most=Decimal(10),
        help_text=_(
            "One cycle is the whole battery emptied once, at once or bit by bit. Empty: as often as it pays."
        ),
        errors={
            "min_value": _("Allow at least 0,1 cycles; to keep the battery full, set its reserve to 100 percent."),
            "max_value": _("No battery is emptied more than 10 times a day: leave it empty for no limit."),
            "invalid": _("Write a number such as 1,5."),
        },
    )
    ev_ready = ClockField(label=_("Ready by"), help_text=_("Every day, on your clock. Empty: there is no hurry."))
    ev_target = TenthsField(
        label=_("Energy to charge"),
        least=Decimal(1),
        most=Decimal(200),
        help_text=_("From plugging in. Empty: only what the car asks for."),
        errors={
            "min_value": _("Write at least 1 kWh, or leave it empty."),
            "max_value": _("That is more than 200 kWh: is it meant in km?"),
            "invalid": _("Write the energy in kWh, such as 12,5."),
        },
    )
    ev_from = ClockField(
        label=_("Charge only from"),
        help_text=_("Outside these hours the car waits, even if it is not ready then. Empty: at any hour."),
    )
    ev_until = ClockField(label=_("until"), help_text=_("From 23:00 until 07:00 goes on past midnight."))
    valid_through = forms.DateField(
        label=_("Last day"),
        required=False,
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_(
            "After it your agent trades nothing until you save new rules. Empty: they hold until you change them."
        ),
        error_messages={"invalid": _("Write a date such as 31/12/2026.")},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        given: MandateTerms | None,
        at: datetime,
        zone: ZoneInfo,
        has_battery: bool,
        has_charger: bool,
    ) -> None:
        given = given or MandateTerms(max_buy_ueur_kwh=300_000)
        super().__init__(data, initial=_written(given, at, zone))
        self.zone, self.today = zone, at.astimezone(zone).date()
        self.rows = hours_rows(data, [rule for rule in given.hours if not rule.period])
        absent = () if has_battery else ("reserve_pct", "grid_charge", "cycles")
        for name in (*absent, *(() if has_charger else CAR)):
            del self.fields[name]

    def clean_valid_through(self) -> date | None:
        """Rules that are over already would pause the agent in an odd way."""
        last: date | None = self.cleaned_data["valid_through"]
        if last is not None and last.year > NEWEST_YEAR:
            raise forms.ValidationError(self.fields["valid_through"].error_messages["invalid"])
        if last is not None and last < self.today:
            raise forms.ValidationError(_("That day is over: choose today or a later day, or leave it empty."))
        return last

    def clean(self) -> None:
        """Hours of the car have two ends, and they differ."""
        begins, ends = self.cleaned_data.get("ev_from"), self.cleaned_data.get("ev_until")
        if {"ev_from", "ev_until"} & self.errors.keys():
            return
        if begins is not None and begins == ends:
            self.add_error("ev_until", _("The hours end when they begin: leave both empty to charge at any hour."))
        elif (begins is None) != (ends is None):
            missing = "ev_from" if begins is None else "ev_until"
            self.add_error(missing, _("Write both ends of the car's hours, or none."))

    def is_valid(self) -> bool:
        """The form and every row of own hours."""
        return all([super().is_valid(), *(row.is_valid() for row in self.rows)])

    @property
    def wrong(self) -> bool:
        """Whether anything was typed that cannot be."""
        return self.is_bound and not self.is_valid()

    @cached_property
    def bands(self) -> list[dict[str, Any]]:
        """The tariff's hours, each with its two prices."""
        return [
            {
                "label": HOURS[band],
                "sell": self[f"min_sell_{band.lower()}"],
                "buy": self[f"max_buy_{band.lower()}"],
            }
            for band in HOURS
        ]

    @cached_property
    def unfolded(self) -> dict[str, bool]:
        """The parts of the page that show themselves, because they say something or must be mended."""
        parts = {
            "bands": [name for name in self.fields if name[-3:] in {"_p1", "_p2", "_p3"}],
            "cycles": ["cycles"],
            "car": CAR,
            "until": ["valid_through"],
        }
        says = {part: any(self._says(name) for name in names) for part, names in parts.items()}
        return says | {"hours": any(row.errors or row.initial for row in self.rows)}

    def _says(self, name: str) -> bool:
        return name in self.fields and bool(self.errors.get(name) or self[name].value() not in (None, ""))

    def terms(self) -> dict[str, Any]:
        """The limits in the words of `give_mandate`; what the home was not asked about is left out."""
        typed = self.cleaned_data
        plain = ("reserve_pct", "sell_periods", "buy_periods", "objective", "grid_charge", "paused")
        given = {name: typed[name] for name in plain if name in typed}
        given["min_sell_ueur_kwh"] = to_ueur(typed["min_sell"])
        given["max_buy_ueur_kwh"] = to_ueur(typed["max_buy"])
        given["hours"] = [*self._band_rules(), *filter(None, (row.rule() for row in self.rows))]
        last = typed["valid_through"]
        given["valid_until"] = local_day(last, self.zone)[1] if last else None
        if "cycles" in typed:
            given["cycles_tenths"] = None if typed["cycles"] is None else int(typed["cycles"] * 10)
        if "ev_ready" in typed:
            given["ev_ready_minute"] = None if typed["ev_ready"] is None else minute_of(typed["ev_ready"])
            given["ev_target_wh"] = None if typed["ev_target"] is None else int(typed["ev_target"] * 1_000)
            for end in ("ev_from", "ev_until"):
                given[f"{end}_minute"] = None if typed[end] is None else minute_of(typed[end])
        return given

    def _band_rules(self) -> Iterable[HoursRule]:
        for band in HOURS:
            sell, buy = (self.cleaned_data[f"{name}_{band.lower()}"] for name in ("min_sell", "max_buy"))
            if sell is not None or buy is not None:
                yield HoursRule(band, min_sell_ueur_kwh=to_ueur(sell), max_buy_ueur_kwh=to_ueur(buy))


def _written(given: MandateTerms, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Limits as the form's first values. The end of rules that are over is left out: saving renews them."""
    ends = given.valid_until
    values = {
        "min_sell": written_euros(given.min_sell_ueur_kwh),
        "max_buy": written_euros(min(given.max_buy_ueur_kwh, 2 * UEUR)),
        "reserve_pct": given.reserve_pct,
        "sell_periods": sorted(given.sell_periods),
        "buy_periods": sorted(given.buy_periods),
        "objective": given.objective,
        "grid_charge": given.grid_charge,
        "paused": given.paused,
        "cycles": written_tenths(given.cycles_tenths),
        "ev_ready": None if given.ev_ready_minute is None else clock_of(given.ev_ready_minute),
        "ev_target": None if given.ev_target_wh is None else written_tenths(given.ev_target_wh // 100),
        "ev_from": None if given.ev_from_minute is None else clock_of(given.ev_from_minute),
        "ev_until": None if given.ev_until_minute is None else clock_of(given.ev_until_minute),
        "valid_through": (ends - timedelta(minutes=1)).astimezone(zone).date() if ends and ends > at else None,
    }
    for rule in given.hours:
        if rule.period:
            values[f"min_sell_{rule.period.lower()}"] = written_euros(rule.min_sell_ueur_kwh)
            values[f"max_buy_{rule.period.lower()}"] = written_euros(rule.max_buy_ueur_kwh)
    return values
