"""Which limit a member wants to try on a slot that is over."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from market.clearing.what_if import Limits
from market.forms.fields import UEUR, PriceField


class LimitForm(forms.Form):
    """One price a side on which the home had orders."""

    sell = PriceField(label=_("Sell at no less than"), required=False)
    buy = PriceField(label=_("Buy at no more than"), required=False)

    def __init__(self, *args: Any, sides: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for side in {"sell", "buy"} - sides:
            del self.fields[side]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if not self.errors and not any(price is not None for price in typed.values()):
            raise forms.ValidationError(_("Write a price in euros per kWh, such as 0,09."))
        return typed

    def limits(self) -> Limits:
        """What was typed, µ€/kWh."""
        return Limits(*(_ueur(self.cleaned_data.get(side)) for side in ("sell", "buy")))


def _ueur(price: Decimal | None) -> int | None:
    return None if price is None else int(price * UEUR)
