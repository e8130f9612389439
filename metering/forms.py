"""What an administrator hands in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from community.models import Community
from metering.models import MeteringPoint

MOST_BYTES = 20 * 1024 * 1024


class MeterFileForm(forms.Form):
    """A meter file, and what it may not say itself."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("As the portal gives it, up to 20 MiB. Nothing is stored before you have seen what it says."),
        error_messages={"required": _("Choose a file."), "empty": _("This file is empty.")},
    )
    metering_point = forms.ModelChoiceField(
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

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["metering_point"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = MeteringPoint.objects.filter(household__community=community).order_by("cups")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("At most 20 MiB fit in one file: split it."))
        return file
