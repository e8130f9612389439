"""What is typed into one line stays one line: in subjects, lists, documents, and for whoever reads it."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from django import forms
from django.core.exceptions import ValidationError

from community.lines import LineField
from tests.architecture.test_house_rules import ROOT

TURNED, SPLIT, HIDDEN = "Ana\u202egro.elpmaxe", "Ana\x1b[2K", "An\u200ba"


def one_line_fields():
    """Every field of the site's forms that shows as one line of text."""
    found = {}
    for app in ("community", "metering", "market"):
        for module in iter_modules([str(Path(ROOT) / app / "forms")]):
            for form in vars(import_module(f"{app}.forms.{module.name}")).values():
                if isinstance(form, type) and issubclass(form, forms.BaseForm):
                    found |= {
                        f"{form.__name__}.{name}": field
                        for name, field in form.base_fields.items()
                        if isinstance(field, forms.CharField) and getattr(field.widget, "input_type", "") == "text"
                    }
    return found


def test_no_line_of_a_form_takes_letters_that_do_not_show_or_another_line():
    fields = one_line_fields()

    def taken(field, text):
        try:
            return not field.clean(text).isprintable()
        except ValidationError:
            return False

    assert len(fields) > 25
    texts = (TURNED, SPLIT, HIDDEN, "Ana\nBcc: eve@example.org")
    assert [name for name, field in fields.items() if any(taken(field, text) for text in texts)] == []


@pytest.mark.parametrize("text", [TURNED, SPLIT, HIDDEN])
def test_what_does_not_show_is_refused_with_a_cure(text):
    with pytest.raises(ValidationError, match=r"(?i)anew|nuevo|nou"):
        LineField().clean(text)


def test_words_stand_one_space_apart():
    assert LineField().clean(" Azahar\u00a07,\n2.\u00ba  B ") == "Azahar 7, 2.º B"
