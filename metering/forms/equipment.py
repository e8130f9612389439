"""What people tell of the equipment in a home."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from community.lines import LineField
from community.models import Device, Household
from community.queries import in_street_order
from metering.hygiene import devices_without_equipment, tokens_for
from metering.models import ApiToken, Equipment


class HomeField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A home by its name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class NamedField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A device by its name, a token by its own and its key's first letters."""

    def label_from_instance(self, obj: Any) -> str:
        if isinstance(obj, ApiToken):
            return f"{obj.name} · azt_{obj.key_id[:6]}…"
        return f"{obj.household.name} · {obj.called}"


class EquipmentForm(forms.Form):
    """What stands in a home, its version, how it is reached, and by what it is heard."""

    household = HomeField(label=pgettext_lazy("a dwelling", "Home"), queryset=Household.objects.none())
    kind = forms.ChoiceField(label=_("What it is"), choices=Equipment.Kind.choices)
    maker = LineField(label=_("Maker"), max_length=80, required=False, help_text=_("As on the type plate."))
    model = LineField(label=_("Model"), max_length=80, required=False)
    firmware = LineField(
        label=_("Version of its firmware"),
        max_length=80,
        required=False,
        help_text=_("As the maker's app or the device's own page shows it, such as 8.2.4226."),
    )
    reached = forms.ChoiceField(
        label=_("How it is reached"),
        choices=Equipment.Reached.choices,
        initial=Equipment.Reached.GATEWAY,
        widget=forms.RadioSelect,
    )
    device = NamedField(
        label=_("Reports as"),
        queryset=Device.objects.none(),
        required=False,
        empty_label=_("It does not report"),
        help_text=_("Which of the home's devices it is: its reports say when it was last heard."),
    )
    token = NamedField(
        label=_("Calls with the token"),
        queryset=ApiToken.objects.none(),
        required=False,
        empty_label=_("No token"),
        help_text=_("Of a gateway: its calls say when it was last heard."),
    )

    def __init__(
        self, *args: Any, homes: Sequence[Household], equipment: Equipment | None = None, **kwargs: Any
    ) -> None:
        if equipment is not None:
            names = ("household", "kind", "maker", "model", "firmware", "reached", "device", "token")
            kwargs["initial"] = {name: getattr(equipment, name) for name in names}
        super().__init__(*args, **kwargs)
        self.homes = {home.pk: home for home in homes}
        ids = list(self.homes)
        devices = devices_without_equipment(ids, but=equipment.pk if equipment else None)
        self._offer("household", Household.objects.filter(pk__in=ids).order_by(in_street_order()))
        self._offer(
            "device", Device.objects.filter(pk__in=[one.pk for one in devices]).select_related("household")
        )
        self._offer("token", ApiToken.objects.filter(pk__in=[one.pk for one in tokens_for(ids)]).order_by("name"))
        for name in ("device", "token"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            if field.queryset is None or not field.queryset.exists():
                del self.fields[name]
        if len(ids) == 1:
            self.fields["household"].widget = forms.HiddenInput()
            self.initial["household"] = ids[0]

    def _offer(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = choices

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        home, device, token = given.get("household"), given.get("device"), given.get("token")
        if home is not None and device is not None and device.household_id != home.pk:
            self.add_error("device", _("This device stands in another home: choose one of this home."))
        if home is not None and token is not None and not token.metering_points.filter(household=home).exists():
            self.add_error("token", _("This token does not reach this home's meter: choose another."))
        return given

    def facts(self) -> dict[str, Any]:
        """What the form says, as the service takes it; the home as it was when found to be the member's."""
        home = self.homes[self.cleaned_data["household"].pk]
        return {"device": None, "token": None, **self.cleaned_data, "household": home}
