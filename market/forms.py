"""What a member may type about the market."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

from market.models import Mandate

UEUR = 1_000_000
HOURS = {
    "P1": _("Peak (working days 10–14 and 18–22 h)"),
    "P2": _("Mid (working days 8–10, 14–18 and 22–24 h)"),
    "P3": _("Off-peak (nights 0–8 h, weekends and national holidays)"),
}
OBJECTIVES = {
    "savings": _("Savings: pay as little as possible over the month"),
    "revenue": _("Revenue: sell stored energy when the price is good"),
    "resilience": _("Resilience: keep at least half of the battery for a power cut"),
}


class PriceField(forms.DecimalField):
    """A price in €/kWh, typed with comma or point, kept as whole µ€/kWh."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(
            min_value=Decimal(0), max_value=Decimal(2), max_digits=9, decimal_places=6, widget=widget, **kwargs
        )
        self.error_messages["invalid"] = _("Write a price in euros per kWh, such as 0,09.")
        self.error_messages["max_value"] = _("That is more than 2 € per kWh: is it meant in cents?")
        self.error_messages["min_value"] = _("A price limit cannot be below zero.")

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class MandateForm(forms.Form):
    """The owner's limits. A home without a battery is not asked about one."""

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

    def __init__(self, *args: Any, has_battery: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in () if has_battery else ("reserve_pct", "grid_charge"):
            del self.fields[name]

    def terms(self) -> dict[str, Any]:
        """The limits in the words of `give_mandate`."""
        given = dict(self.cleaned_data)
        given["min_sell_ueur_kwh"] = int(given.pop("min_sell") * UEUR)
        given["max_buy_ueur_kwh"] = int(given.pop("max_buy") * UEUR)
        return given


def written_terms(mandate: Mandate | None) -> dict[str, Any]:
    """A mandate as the form's first values; without one, what a new home starts with."""
    mandate = mandate or Mandate(sell_periods=list(HOURS), buy_periods=list(HOURS), max_buy_ueur_kwh=300_000)
    return {
        "min_sell": _euros(mandate.min_sell_ueur_kwh),
        "max_buy": _euros(min(mandate.max_buy_ueur_kwh, 2 * UEUR)),
        "reserve_pct": mandate.reserve_pct,
        "sell_periods": mandate.sell_periods,
        "buy_periods": mandate.buy_periods,
        "objective": mandate.objective,
        "grid_charge": mandate.grid_charge,
        "paused": mandate.paused,
    }


def _euros(price_ueur_kwh: int) -> str:
    """µ€ as euros in the reader's way of writing: cents at least, no further zeros at the end."""
    whole, rest = divmod(price_ueur_kwh, UEUR)
    decimals = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"{whole}{get_format('DECIMAL_SEPARATOR')}{decimals}"
