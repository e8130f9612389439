"""Fields for what people type about the market: prices, amounts and times, as they write them."""

from datetime import time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

UEUR = 1_000_000


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


class TenthsField(forms.DecimalField):
    """A number with one decimal, typed with comma or point; it may stay empty."""

    def __init__(self, *, least: Decimal, most: Decimal, errors: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(
            required=False,
            min_value=least,
            max_value=most,
            decimal_places=1,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            error_messages=errors | {"max_decimal_places": errors["invalid"]},
            **kwargs,
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class ClockField(forms.TimeField):
    """A local time of day, to the minute."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **kwargs)
        self.error_messages["invalid"] = _("Write a time such as 22:00.")


class Slider(forms.NumberInput):
    """A number set with a slider; the page writes its value beside it."""

    input_type = "range"

    def __init__(self, most: int, step: str, least: int = 0) -> None:
        super().__init__(attrs={"min": least, "max": most, "step": step, "data-shown": ""})


def minute_of(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def clock_of(minute: int) -> time:
    return time(minute // 60, minute % 60)


def to_ueur(euros: Decimal | None) -> int | None:
    return None if euros is None else int(euros * UEUR)


def written_tenths(tenths: int | None) -> str:
    """Tenths in the reader's way of writing: "1,5"."""
    return "" if tenths is None else f"{tenths // 10}{get_format('DECIMAL_SEPARATOR')}{tenths % 10}"
