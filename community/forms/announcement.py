"""What an administrator writes to all members."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.lines import LineField
from community.models.announcements import LANGUAGES
from community.services.announcements import Written

TEXT = {"rows": 6}


class AnnouncementForm(forms.Form):
    """A plain text in one or more of the site's languages; nothing is translated by a machine."""

    title_es = LineField(label=gettext_lazy("Title in Spanish"), max_length=120, required=False)
    text_es = forms.CharField(
        label=gettext_lazy("Text in Spanish"), max_length=2_000, required=False, widget=forms.Textarea(attrs=TEXT)
    )
    title_ca = LineField(label=gettext_lazy("Title in Catalan"), max_length=120, required=False)
    text_ca = forms.CharField(
        label=gettext_lazy("Text in Catalan"), max_length=2_000, required=False, widget=forms.Textarea(attrs=TEXT)
    )
    title_en = LineField(label=gettext_lazy("Title in English"), max_length=120, required=False)
    text_en = forms.CharField(
        label=gettext_lazy("Text in English"), max_length=2_000, required=False, widget=forms.Textarea(attrs=TEXT)
    )
    days = forms.IntegerField(label=gettext_lazy("Days that it is shown"), min_value=1, max_value=90, initial=14)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for code in LANGUAGES:
            title, text = given.get(f"title_{code}"), given.get(f"text_{code}")
            if bool(title) != bool(text) and not self.errors:
                self.add_error(f"text_{code}" if title else f"title_{code}", _("A title and a text go together."))
        if not self.errors and not any(given.get(f"title_{code}") for code in LANGUAGES):
            self.add_error("title_es", _("Write it in at least one language."))
        return given

    def written(self) -> Written:
        """The announcement as typed."""
        return Written(**self.cleaned_data)
