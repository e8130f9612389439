"""Text of one line as people type it into a form: a name, a title, a note."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class LineField(forms.CharField):
    """A line of letters that show. Names stand in subjects of letters, lists and documents: none of them may begin
    another line there, or turn the direction of what follows.
    """

    def to_python(self, value: Any) -> str | None:
        """The text with its words one space apart."""
        text = super().to_python(value)
        return text if text is None else " ".join(text.split())

    def run_validators(self, value: Any) -> None:
        """Refuse what does not show."""
        super().run_validators(value)
        if value and not value.isprintable():
            raise ValidationError(_("This holds a character that does not show. Type it anew, without copying."))
