"""Text of one line as people type it into a form: a name, a title, a note."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import CharField, Model
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


def one_line(text: str) -> str:
    """A text as `LineField` takes it: without what does not show, its words one space apart."""
    shown = (letter if letter.isprintable() else " " if letter.isspace() else "" for letter in text)
    return " ".join("".join(shown).split())


def mend_lines(model: type[Model], names: Sequence[str], *, unique: Sequence[str] = ()) -> None:
    """Make one line of what a small table holds in `names`; of two rows that then say the same one gets a number.

    `unique` are the fields by which the table tells its rows apart, the last of them a name.
    """
    rows = model._default_manager.order_by("pk")
    taken = set(rows.values_list(*unique)) if unique else set()
    for row in rows.only(*names, *unique):
        changed = {name: one_line(getattr(row, name)) for name in names}
        changed = {name: text for name, text in changed.items() if text != getattr(row, name)}
        if not changed:
            continue
        for name, text in changed.items():
            setattr(row, name, text or "—")
        if unique:
            _tell_apart(row, unique, taken)
            taken.add(tuple(getattr(row, name) for name in unique))
        row.save(update_fields=[*{*changed, *unique[-1:]}])


def _tell_apart(row: Model, unique: Sequence[str], taken: set[tuple[Any, ...]]) -> None:
    text, number = getattr(row, unique[-1]), 2
    field = row._meta.get_field(unique[-1])
    assert isinstance(field, CharField)
    room = (field.max_length or 0) - len(" (999)")
    while tuple(getattr(row, name) for name in unique) in taken:
        setattr(row, unique[-1], f"{text[:room]} ({number})")
        number += 1
