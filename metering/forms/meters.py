"""What an administrator hands in."""

import ipaddress
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from stdnum.es import nif
from stdnum.exceptions import ValidationError as StdnumError

from community.lines import LineField
from community.models import Community
from community.queries import street_order
from metering.formats import CHANNELS
from metering.models import ColumnMapping, MeteringPoint
from metering.services.registers import MOST_WH

MOST_MIB = 64


class PointField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A metering point by its home and code."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.household.name} · {obj.cups}"


class MeterFileForm(forms.Form):
    """A meter file, and what it may not say itself."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("As the portal gives it, up to 64 MiB. Nothing is stored before you have seen what it says."),
        error_messages={"required": _("Choose a file."), "empty": _("This file is empty.")},
    )
    metering_point = PointField(
        label=_("Metering point"),
        queryset=MeteringPoint.objects.none(),
        required=False,
        empty_label=_("The file says it"),
        help_text=_("Only for files without a CUPS, such as Green Button."),
    )
    dialect = forms.ChoiceField(
        label=_("Its hours"),
        required=False,
        choices=[
            ("", _("Find out from the file")),
            ("end", _("Each time is the end of its hour")),
            ("start", _("Each time is the start of its hour")),
            ("counted", _("Hours are counted from 1")),
        ],
    )

    mapping = forms.ModelChoiceField(
        label=_("Its columns"),
        queryset=ColumnMapping.objects.none(),
        required=False,
        empty_label=_("Known by their names"),
        help_text=_("Only for your own tables whose columns you have explained."),
    )

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points, mappings = self.fields["metering_point"], self.fields["mapping"]
        assert isinstance(points, forms.ModelChoiceField)
        assert isinstance(mappings, forms.ModelChoiceField)
        points.queryset = MeteringPoint.objects.filter(household__community=community)
        points.queryset = points.queryset.select_related("household").order_by("household__name", "pk")
        mappings.queryset = community.column_mappings.order_by("name")
        if not mappings.queryset.exists():
            del self.fields["mapping"]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_MIB * 2**20:
            raise forms.ValidationError(_("At most 64 MiB fit in one file: pack or split it."))
        return file


class EnergyField(forms.DecimalField):
    """What a dial shows in kWh, typed with comma or point; `cleaned` it is whole Wh."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        most = Decimal(MOST_WH) / 1_000
        super().__init__(min_value=Decimal(0), max_value=most, decimal_places=3, widget=widget, **kwargs)
        self.error_messages["invalid"] = _("Write what the dial showed in kWh, such as 12345,678.")

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)

    def clean(self, value: Any) -> int:
        found: Decimal = super().clean(value)
        return int(found * 1_000)


class MeterChangeForm(forms.Form):
    """When a dial was changed or began anew, and what it showed before and after."""

    channel = forms.ChoiceField(
        label=_("Dial"), choices=[("import", _("Energy taken (1.8)")), ("export", _("Energy given (2.8)"))]
    )
    changed_at = forms.DateTimeField(
        label=_("First moment of the new dial"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"),
        input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"],
    )
    final = EnergyField(
        label=_("The old dial's last figure"),
        help_text=_("As the fitter noted it. If the dial only began anew, its highest figure plus one."),
    )
    first = EnergyField(label=_("The new dial's first figure"))


ROLE_NAMES = {
    "cups": _("CUPS"),
    "day": _("Day"),
    "hour": _("Hour or place in the day"),
    "instant": _("Day and hour in one"),
    "start": _("Start with offset, such as 2026-11-23T12:00:00Z"),
    "season": _("Summer (1) or winter (0) time"),
    "quality": _("Measured or estimated"),
    "import": _("Energy taken"),
    "export": _("Energy given"),
    "generation": _("Energy generated"),
    "self": _("Energy used at once"),
}


class SampleForm(forms.Form):
    """The first lines of somebody's own table."""

    sample = forms.CharField(
        label=_("The first lines of your table"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_("The header and a few lines, just as they stand in the file."),
    )


class ColumnsForm(forms.Form):
    """What each column of a sample means; one field a column."""

    name = LineField(label=_("Name of this kind of table"), max_length=80)
    unit = forms.ChoiceField(
        label=_("Unit where a header has none"), required=False, choices=[("", "—"), ("Wh", "Wh"), ("kWh", "kWh")]
    )
    labels = forms.ChoiceField(
        label=_("Its hours"),
        required=False,
        choices=[
            ("", _("As the table shows")),
            ("end", _("Each time is the end of its hour")),
            ("start", _("Each time is the start of its hour")),
        ],
    )

    def __init__(self, *args: Any, header: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.header = header
        choices = [("", _("not needed")), *ROLE_NAMES.items()]
        for i, cell in enumerate(header):
            self.fields[f"column_{i}"] = forms.ChoiceField(label=cell or "—", required=False, choices=choices)

    def columns(self) -> dict[str, str]:
        """Header to role, of the columns that mean something."""
        roles = ((cell, self.cleaned_data.get(f"column_{i}")) for i, cell in enumerate(self.header))
        return {cell: role for cell, role in roles if role}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        roles = list(self.columns().values())
        if not set(roles) & set(CHANNELS):
            self.add_error(None, _("Say which column holds energy."))
        if not set(roles) & {"day", "instant", "start"}:
            self.add_error(None, _("Say which column holds the day or the instant."))
        if len(roles) > len(set(roles)):
            self.add_error(None, _("Two columns cannot mean the same: choose one of them."))
        return given


SCOPES = {
    "readings:write": _("hand in readings"),
    "readings:read": _("read readings back"),
    "states:write": _("report batteries and cars"),
    "plans:read": _("read the market's plan for the devices"),
    "readings:force": _("let worse figures replace better ones"),
}


class PointsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Metering points by the name of their home."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.household.name} · {obj.cups}"


class TokenForm(forms.Form):
    """Whom to let in, to what, for how long and from where."""

    name = LineField(label=_("Who will use it"), max_length=120, help_text=_("Such as “Gateway Azahar 3”."))
    metering_points = PointsField(
        label=_("Metering points"), queryset=MeteringPoint.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=list(SCOPES.items()),
        initial=["readings:write", "readings:read"],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(label=_("Days until it expires"), initial=365, min_value=1, max_value=3_650)
    networks = LineField(
        label=_("Only from these networks"),
        required=False,
        max_length=400,
        help_text=_("Such as 203.0.113.0/24; several with commas. Empty: from anywhere."),
    )

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points = self.fields["metering_points"]
        assert isinstance(points, forms.ModelMultipleChoiceField)
        found = MeteringPoint.objects.filter(household__community=community).select_related("household")
        points.queryset = found
        in_order = sorted(found, key=lambda point: street_order(point.household.name))
        points.choices = [(point.pk, points.label_from_instance(point)) for point in in_order]

    def clean_networks(self) -> list[str]:
        networks = []
        for text in self.cleaned_data["networks"].replace(",", " ").split():
            try:
                networks.append(str(ipaddress.ip_network(text)))
            except ValueError as error:
                message = _("“%(text)s” is no network: write it such as 203.0.113.0/24.")
                raise forms.ValidationError(message % {"text": text}) from error
        return networks

    def lifetime(self) -> timedelta:
        """How long the token will live."""
        return timedelta(days=self.cleaned_data["days"])


class DatadisAccountForm(forms.Form):
    """The community's login on Datadis."""

    nif = LineField(label=_("NIF of the account"), max_length=12)
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept sealed, and never shown again."),
    )

    def clean_nif(self) -> str:
        return valid_nif(self.cleaned_data["nif"])


class ConsentForm(forms.Form):
    """Letting the community read a meter's curve on Datadis."""

    nif = LineField(
        label=_("Your NIF, as on the electricity bill"),
        max_length=12,
        help_text=_("Datadis asks for it. It is kept sealed and used for nothing else."),
    )
    months = forms.TypedChoiceField(
        label=_("For how long"),
        coerce=int,
        choices=[(12, _("One year")), (24, _("Two years"))],
        initial=12,
    )
    agreed = forms.BooleanField(
        label=_("My community may fetch my hourly readings from Datadis until then, to settle my trades."),
        error_messages={"required": _("Without your consent nothing is fetched.")},
    )

    def clean_nif(self) -> str:
        return valid_nif(self.cleaned_data["nif"])


def valid_nif(text: str) -> str:
    """A NIF, NIE or company's NIF with the right check letter. Raises `ValidationError`."""
    try:
        return str(nif.validate(text))
    except StdnumError as error:
        raise forms.ValidationError(_("This NIF is mistyped: its check letter does not fit.")) from error
