"""What a neighbour who wants to join types, and what an administrator says to it."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from community.lines import LineField
from community.models import Community, Household, Tariff
from community.queries import in_street_order
from metering.cups import validate_cups


def plain_code(text: str) -> str:
    """A CUPS without spaces, in capitals."""
    return "".join(text.split()).upper()


class CupsField(forms.CharField):
    """The code of a meter, typed with or without spaces; empty is allowed."""

    def clean(self, value: Any) -> Any:
        code = plain_code(super().clean(value))
        if code:
            validate_cups(code)
        return code


class AskForm(forms.Form):
    """Who wants to join, and where they live."""

    name = LineField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("Your e-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    place = LineField(
        label=_("Address and flat"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
        help_text=_("Such as “Azahar 7, 2.º B”."),
    )
    cups = CupsField(
        label=_("CUPS"),
        required=False,
        max_length=40,
        help_text=_("The code of your meter; it stands on every bill and may follow later."),
    )


class AcceptForm(forms.Form):
    """Which home is handed over to whoever asked."""

    home = LineField(
        label=pgettext_lazy("a dwelling", "Home"),
        max_length=120,
        widget=forms.TextInput(attrs={"list": "free-homes", "autocomplete": "off"}),
        help_text=_("One that is there and that nobody looks after, or a new one by its name."),
    )
    cups = CupsField(
        label=_("CUPS"), required=False, max_length=40, help_text=_("Empty: the meter follows later.")
    )
    tariff = forms.ModelChoiceField(
        label=_("Tariff"),
        queryset=Tariff.objects.none(),
        required=False,
        empty_label=_("Not known yet"),
        help_text=_("A home with a meter needs one."),
    )

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offers = self.fields["tariff"]
        assert isinstance(offers, forms.ModelChoiceField)
        offers.queryset = Tariff.objects.filter(Q(community=None) | Q(community=community)).order_by(
            "retailer", "name"
        )
        self.free = Household.objects.filter(community=community, member=None).order_by(in_street_order())


class DeclineForm(forms.Form):
    """Why not; whoever asked reads it."""

    reason = forms.CharField(
        label=_("Why not"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why: your neighbour reads it.")},
    )
