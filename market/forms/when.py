"""How long something runs, at what power, and by when it has to be done."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

FARTHEST = timedelta(hours=48)
QUARTERS = [(minutes, f"{minutes // 60}:{minutes % 60:02}") for minutes in range(15, 12 * 60 + 1, 15)]


class WhenForm(forms.Form):
    """What is asked for in the address, so that a question can be kept as a bookmark."""

    length = forms.TypedChoiceField(
        label=_("It runs for"), choices=QUARTERS, coerce=int, help_text=_("Hours and minutes.")
    )
    power = forms.DecimalField(
        label=_("Power"),
        min_value=0,
        max_value=50,
        max_digits=4,
        decimal_places=2,
        help_text=_("A washing machine takes about 0.5 kW on average, an oven 2 kW, a car 3.7 to 11 kW."),
    )
    by = forms.DateTimeField(
        label=_("Done by"),
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        help_text=_("Within the next two days."),
    )

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at

    def clean_power(self) -> int:
        """In W. Raises `ValidationError` for nothing at all."""
        watts = int(self.cleaned_data["power"] * 1_000)
        if watts <= 0:
            raise forms.ValidationError(_("Something that takes no power costs nothing at any time."))
        return watts

    def clean_by(self) -> datetime:
        """An instant that is still to come and near enough to be foreseen."""
        by: datetime = self.cleaned_data["by"]
        if by <= self.at:
            raise forms.ValidationError(_("That time is over: name one that is still to come."))
        if by > self.at + FARTHEST:
            raise forms.ValidationError(_("Prices are foreseen for two days: name an earlier time."))
        return by

    @classmethod
    def usual(cls, at: datetime) -> dict[str, str]:
        """An hour and a half at 1 kW, done by eight tomorrow."""
        tomorrow = timezone.localtime(at) + timedelta(days=1)
        return {"length": "90", "power": "1", "by": f"{tomorrow:%Y-%m-%d}T08:00"}
