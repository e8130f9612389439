"""The form for a list of neighbours."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from metering.roster.facts import MOST_MIB


class RosterForm(forms.Form):
    """A list of neighbours."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, one home a row, up to 500 homes. Nothing is stored before you have seen it."),
        error_messages={"required": _("Choose a file."), "empty": _("This file is empty.")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_MIB * 2**20:
            raise forms.ValidationError(_("At most 2 MiB fit in one list: hand in the neighbours' sheet alone."))
        return file
