"""The steps in which a community is set up, and what they come to."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.lines import LineField
from community.models import Community, Region
from community.services.tariffs import Offer
from market.forms.tariff import OfferForm, preset
from market.services.founding import NewCommunity

MOST_HOMES = 200
LONGEST_NAME = 120


class PlaceForm(forms.Form):
    """Where the community is and by which rule it shares."""

    name = LineField(
        label=gettext_lazy("Name of the street or community"),
        max_length=120,
        help_text=gettext_lazy("Such as “Calle del Azahar”."),
    )
    region = forms.ChoiceField(
        label=gettext_lazy("Where"),
        choices=Region.choices,
        help_text=gettext_lazy("It sets the clock, the taxes and the tariff hours."),
    )
    legal_mode = forms.ChoiceField(
        label=gettext_lazy("Legal mode"),
        choices=Community.LegalMode.choices,
        widget=forms.RadioSelect,
        initial=Community.LegalMode.SIMULATION,
        help_text=gettext_lazy("Begin with a simulation: nothing is owed, and it can be changed later."),
    )


class TariffForm(forms.Form):
    """What most homes' retailer charges; single homes may get another offer later."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What most homes pay"),
        choices=[
            ("three", gettext_lazy("Three periods")),
            ("flat", gettext_lazy("One price at any hour")),
            ("night", gettext_lazy("Cheap nights")),
            ("pvpc", gettext_lazy("PVPC, by the hour")),
            ("none", gettext_lazy("Later: no tariff yet")),
        ],
        widget=forms.RadioSelect,
        initial="three",
        help_text=gettext_lazy("Common prices before taxes, to begin with; type in the real ones under Tariffs."),
    )
    retailer = LineField(label=gettext_lazy("Retailer"), max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("kind") != "none" and not given.get("retailer") and "kind" in given:
            self.add_error("retailer", _("Whose offer is it? Write the retailer's name."))
        return given


class HomesForm(forms.Form):
    """The first homes, a line each, and how they hang together."""

    homes = forms.CharField(
        label=gettext_lazy("The first homes"),
        max_length=MOST_HOMES * (LONGEST_NAME + 2),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("One a line, such as “Azahar 7, 2.º B”; more can follow as a list."),
    )
    cables = forms.ChoiceField(
        label=gettext_lazy("The cables"),
        choices=[
            ("", gettext_lazy("Later: from a file, or without")),
            ("street", gettext_lazy("A usual street: homes along one cable")),
            ("building", gettext_lazy("A usual building: homes on a riser")),
        ],
        required=False,
        widget=forms.RadioSelect,
        initial="",
    )

    def clean_homes(self) -> list[str]:
        names = [" ".join(line.split()) for line in self.cleaned_data["homes"].splitlines()]
        names = [name for name in names if name]
        for name in names:
            LineField().run_validators(name)
        if len(names) > MOST_HOMES:
            raise forms.ValidationError(_("At most 200 homes fit here: take the rest over as a list later."))
        long = next((name for name in names if len(name) > LONGEST_NAME), None)
        if long:
            raise forms.ValidationError(_("“%(name)s…” is longer than 120 letters.") % {"name": long[:30]})
        folded = [name.casefold() for name in names]
        twice = next((name for name in names if folded.count(name.casefold()) > 1), None)
        if twice:
            raise forms.ValidationError(
                _("“%(name)s” stands there twice: each home has a name of its own.") % {"name": twice}
            )
        return names

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("cables") and not given.get("homes") and "homes" not in self.errors:
            self.add_error("homes", _("Cables lead to homes: write some, or leave the cables for later."))
        return given


class OwnerForm(forms.Form):
    """Who looks after the community first."""

    owner_name = LineField(label=gettext_lazy("Name of the first administrator"), max_length=120)
    owner_email = forms.EmailField(
        label=gettext_lazy("Their e-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("They get a link with which they come in."),
    )


STEPS: dict[str, type[forms.Form]] = {
    "place": PlaceForm,
    "tariff": TariffForm,
    "homes": HomesForm,
    "owner": OwnerForm,
}


def plan_of(told: dict[str, dict[str, str]], today: date) -> NewCommunity | None:
    """What all steps together come to; None while one of them is missing or wrong."""
    forms_ = {step: form(told.get(step) or {}) for step, form in STEPS.items()}
    if not all(form.is_valid() for form in forms_.values()):
        return None
    given: dict[str, Any] = {}
    for form in forms_.values():
        given |= form.cleaned_data
    return NewCommunity(
        name=given["name"],
        region=given["region"],
        legal_mode=given["legal_mode"],
        offer=_offer(given, today),
        homes=tuple(given["homes"]),
        cables=given["cables"],
        owner_name=given["owner_name"],
        owner_email=given["owner_email"],
    )


def _offer(given: dict[str, Any], today: date) -> Offer | None:
    if given["kind"] == "none":
        return None
    names = dict(TariffForm.base_fields["kind"].choices)  # type: ignore[attr-defined]
    told = preset(given["kind"], today, given["region"])
    form = OfferForm({**told, "retailer": given["retailer"], "name": str(names[given["kind"]])})
    if not form.is_valid():  # the presets are our own
        raise ValueError(form.errors.as_text())
    return form.offer()
