"""What an administrator types about the sharing of a common installation."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.lines import LineField
from community.models import Community
from community.queries import in_street_order
from market.forms.tariff import DAY
from market.models import SharingAdvice
from market.settlement.coefficients import is_cups
from metering.models import MeteringPoint

MOST_FILE_MIB = 16


class SupplyField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A supply of the community, by its home and code."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.household.name} · {obj.cups}"


class KeepForm(forms.Form):
    """For which installation and year coefficients hold, and who agreed to them."""

    plant = SupplyField(
        label=gettext_lazy("Supply behind which the panels stand"),
        queryset=MeteringPoint.objects.none(),
        empty_label=gettext_lazy("Choose…"),
    )
    year = forms.IntegerField(label=gettext_lazy("Year"), min_value=2020, max_value=2100)
    agreed_on = forms.DateField(label=gettext_lazy("Members agreed on"), widget=DAY)
    note = LineField(
        label=gettext_lazy("Who agreed, and how"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For instance: all, in the meeting; signed agreement in the files."),
    )

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points = MeteringPoint.objects.filter(household__community=community).select_related("household")
        plant = self.fields["plant"]
        assert isinstance(plant, SupplyField)
        plant.queryset = points.order_by(in_street_order("household__name"))
        self.points = list(points.order_by(in_street_order("household__name")))

    def clean_plant(self) -> MeteringPoint:
        plant: MeteringPoint = self.cleaned_data["plant"]
        if not is_cups(plant.cups):
            words = _("%(home)s: no CUPS can be “%(cups)s”. Have the operator correct it first.")
            raise forms.ValidationError(words % {"home": plant.household.name, "cups": plant.cups})
        return plant


class AdviceForm(forms.Form):
    """What is asked of the adviser."""

    aim = forms.ChoiceField(
        label=gettext_lazy("What to look for"), choices=SharingAdvice.Aim.choices, widget=forms.RadioSelect
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Coefficients"),
        choices=[
            ("fixed", gettext_lazy("fixed for the year")),
            ("hourly", gettext_lazy("by the hour of the clock, month and kind of day")),
        ],
        widget=forms.RadioSelect,
    )


class SharesForm(KeepForm):
    """Shares of every supply in any unit, or the distributor's file."""

    file = forms.FileField(
        label=gettext_lazy("File of coefficients"),
        required=False,
        help_text=gettext_lazy("Instead of shares. It is taken only if the distributor would take it."),
    )

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, community=community, **kwargs)
        for point in self.points:
            self.fields[f"share_{point.pk}"] = forms.IntegerField(
                label=point.household.name, min_value=0, max_value=1_000_000, required=False
            )

    def rows(self) -> list[forms.BoundField]:
        """The share of each supply."""
        return [self[f"share_{point.pk}"] for point in self.points]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.get("file")
        if file is not None and (file.size or 0) > MOST_FILE_MIB * 2**20:
            self.add_error("file", _("At most 16 MiB: a file of one installation and one year."))
        elif file is None and not any(self.shares(given).values()):
            self.add_error("file", _("Type shares below, or choose a file."))
        for point in self.points:
            if given.get(f"share_{point.pk}") and not is_cups(point.cups):
                words = _("%(home)s: no CUPS can be “%(cups)s”. Have the operator correct it first.")
                self.add_error("plant", words % {"home": point.household.name, "cups": point.cups})
        return given

    def shares(self, given: dict[str, Any] | None = None) -> dict[str, int]:
        """Shares by CUPS of the supplies that have one."""
        said = self.cleaned_data if given is None else given
        found = {point.cups: said.get(f"share_{point.pk}") or 0 for point in self.points}
        return {cups: share for cups, share in found.items() if share}
