"""What residents and administrators type about bank accounts."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum import iban
from stdnum.exceptions import ValidationError as StdnumError

from community.lines import LineField

# Letters of a creditor's number count as 10 to 35, like those of an IBAN.
CREDITOR_ID_LENGTH = range(8, 36)


class IbanField(forms.CharField):
    """An IBAN, with spaces or without."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
        super().__init__(max_length=42, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        try:
            return str(iban.validate(text, check_country=False))
        except StdnumError as error:
            words = _("This is no IBAN: its check digits do not fit. Copy it from your bank again.")
            raise forms.ValidationError(words) from error


class AccountForm(forms.Form):
    """A home's account, and whether the community may collect from it."""

    holder = LineField(label=gettext_lazy("Holder of the account"), max_length=70)
    iban = IbanField(label=gettext_lazy("IBAN"))
    mandate = forms.BooleanField(
        label=gettext_lazy("The community may collect what this home's statements ask for"),
        required=False,
        help_text=gettext_lazy(
            "A SEPA core mandate, signed by ticking this today. Your bank gives any collection back within eight "
            "weeks if you ask. Without it you pay by transfer."
        ),
    )


class CreditorForm(forms.Form):
    """The community's own account."""

    holder = LineField(label=gettext_lazy("Name on the account"), max_length=70)
    iban = IbanField(label=gettext_lazy("IBAN"))
    creditor_id = LineField(
        label=gettext_lazy("Creditor identifier"),
        max_length=40,
        help_text=gettext_lazy("The bank gives it, such as ES11000B12345674. Collections need it."),
    )

    def clean_creditor_id(self) -> str:
        text = "".join(self.cleaned_data["creditor_id"].split()).upper()
        # The three letters of the business are not part of what the check digits are over (EPC262-08).
        plain = text.isascii() and text.isalnum() and len(text) in CREDITOR_ID_LENGTH
        if not plain or int("".join(str(int(one, 36)) for one in text[7:] + text[:4])) % 97 != 1:
            raise forms.ValidationError(
                _("The check digits of this identifier do not fit: copy it from the bank.")
            )
        return text
