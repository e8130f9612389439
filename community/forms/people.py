"""What people type about themselves and their neighbours."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from community.lines import LineField
from community.models import Community, Household, Invitation, User
from community.queries import ConnectedHome, in_street_order
from community.services.feeders import Connection

MOST_CABLES_MIB = 20
MOST_OPTIONS = 5_000  # of all lists of a page together; beyond, names are typed


class InviteForm(forms.Form):
    """Whom to invite, and which home to hand over."""

    email = forms.EmailField(
        label=_("E-mail of your neighbour"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    household = forms.ModelChoiceField(
        label=pgettext_lazy("a dwelling", "Home"),
        queryset=Household.objects.none(),
        required=False,
        empty_label=_("No home yet"),
        help_text=_("Only homes that nobody looks after yet."),
    )
    name = LineField(
        label=_("Name of your neighbour"), max_length=120, required=False, help_text=_("It may be left out.")
    )

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        homes = Household.objects.filter(community=community, member__isnull=True).order_by(in_street_order())
        field = self.fields["household"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = homes


class AddresseesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Invitations by whom they go to and for which home."""

    def label_from_instance(self, obj: Any) -> str:
        home = f" · {obj.household.name}" if obj.household else ""
        return f"{obj.name or obj.email}{home}"


class LettersForm(forms.Form):
    """Which open invitations are printed; each gets a new link, so those on paper or in the mail before end."""

    invitations = AddresseesField(
        label=_("Invitations"),
        queryset=Invitation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one invitation.")},
    )

    def __init__(self, *args: Any, invitations: QuerySet[Invitation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["invitations"]
        assert isinstance(field, AddresseesField)
        field.queryset = invitations.order_by("household__name", "email")
        # What was mailed keeps its link, unless somebody wants it on paper as well.
        field.initial = [one.pk for one in invitations if one.mail != Invitation.Mail.SENT]


class OutsideForm(forms.Form):
    """Which of the community's pages anybody may open."""

    join_open = forms.BooleanField(
        label=_("Neighbours may ask to join"),
        required=False,
        help_text=_("A page with a form. What is asked there waits until an administrator answers."),
    )
    figures_public = forms.BooleanField(
        label=_("The street's figures are public"),
        required=False,
        help_text=_("Sums of the whole street, from five homes on; never a home's own figures, never a name."),
    )


class PriorityForm(forms.Form):
    """The social priority that the community agreed on for a home."""

    priority = forms.TypedChoiceField(
        coerce=int,
        choices=[(i, str(i)) for i in range(10)],
        error_messages={"invalid_choice": _("A priority is a whole number from 0 (none) to 9 (highest).")},
    )


class JoinForm(forms.Form):
    """Name and password of a neighbour who accepts an invitation."""

    name = LineField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters; a short sentence is easy to remember."),
    )
    again = forms.CharField(
        label=_("The password once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, place: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email, self.place = email, place

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        password, again = given.get("password"), given.get("again")
        if password and again and password != again:
            self.add_error("again", _("The two passwords differ: type the same one twice."))
        elif password:
            person = User(email=self.email, name=given.get("name", ""))
            person.place = self.place  # type: ignore[attr-defined]  # it is nobody's member yet
            try:
                password_validation.validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return given


class ReturnForm(forms.Form):
    """Password of somebody who has a login already."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("You have a login with this e-mail already."),
    )


class CablesForm(forms.Form):
    """A file that describes the street's cables."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("Azotea's JSON or CSV, pandapower's JSON, power-grid-model's JSON; up to 20 MiB."),
        error_messages={"required": _("Choose a file."), "empty": _("This file is empty.")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_CABLES_MIB * 2**20:
            raise forms.ValidationError(_("At most 20 MiB fit in one file: export only the street's own part."))
        return file


class ConnectionsForm(forms.Form):
    """Where each home of the street is connected, and on which phase; two fields a home."""

    def __init__(
        self, *args: Any, homes: Sequence[ConnectedHome], nodes: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.homes, self.nodes = homes, nodes
        self.typed = len(homes) * len(nodes) > MOST_OPTIONS
        for home in homes:
            self.fields[f"node_{home.id}"] = self._node_field(home)
            self.fields[f"phase_{home.id}"] = forms.ChoiceField(
                label=_("Phase of %(home)s") % {"home": home.name},
                choices=Household.Phase.choices,
                required=False,
                initial=home.phase,
            )

    def _node_field(self, home: ConnectedHome) -> forms.Field:
        label = _("Connection of %(home)s") % {"home": home.name}
        if self.typed:
            codes = {code for code, _name in self.nodes}
            widget = forms.TextInput(attrs={"list": "nodes", "autocomplete": "off"})
            return NodeField(codes=codes, label=label, required=False, initial=home.node, widget=widget)
        choices = [("", _("at the transformer")), *self.nodes]
        return forms.ChoiceField(label=label, choices=choices, required=False, initial=home.node)

    def rows(self) -> list[tuple[ConnectedHome, forms.BoundField, forms.BoundField]]:
        """Each home with its two fields."""
        return [(home, self[f"node_{home.id}"], self[f"phase_{home.id}"]) for home in self.homes]

    def connections(self) -> list[Connection]:
        """What the form says, home by home."""
        given = self.cleaned_data
        return [Connection(h.id, given[f"node_{h.id}"], given[f"phase_{h.id}"]) for h in self.homes]


class NodeField(forms.CharField):
    """The code of a node, typed; only those of the feeder."""

    def __init__(self, *, codes: set[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.codes = codes

    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        if code and code not in self.codes:
            raise forms.ValidationError(_("The street has no connection “%(code)s”.") % {"code": code})
        return code
