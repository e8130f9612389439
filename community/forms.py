"""What people type about themselves and their neighbours."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from community.models import Community, Household, User


class InviteForm(forms.Form):
    """Whom to invite, and which home to hand over."""

    email = forms.EmailField(label=_("E-mail of your neighbour"), max_length=254)
    household = forms.ModelChoiceField(
        label=_("Home"),
        queryset=Household.objects.none(),
        required=False,
        empty_label=_("No home yet"),
        help_text=_("Only homes that nobody looks after yet."),
    )

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        homes = Household.objects.filter(community=community, member__isnull=True).order_by("name")
        field = self.fields["household"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = homes


class PriorityForm(forms.Form):
    """The social priority that the community agreed on for a home."""

    priority = forms.TypedChoiceField(
        coerce=int,
        choices=[(i, str(i)) for i in range(10)],
        error_messages={"invalid_choice": _("A priority is a whole number from 0 (none) to 9 (highest).")},
    )


class JoinForm(forms.Form):
    """Name and password of a neighbour who accepts an invitation."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters; a short sentence is easy to remember."),
    )
    again = forms.CharField(
        label=_("The password once more"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        password, again = given.get("password"), given.get("again")
        if password and again and password != again:
            self.add_error("again", _("The two passwords differ: type the same one twice."))
        elif password:
            person = User(email=self.email, name=given.get("name", ""))
            try:
                password_validation.validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return given


class ReturnForm(forms.Form):
    """Password of somebody who has a login already."""

    password = forms.CharField(
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("You have a login with this e-mail already."),
    )
