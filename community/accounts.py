"""How people come in: allauth's rules as Azotea sets them. No sign-up, sealed secrets, honest addresses."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordKeyForm as AllauthResetPasswordKeyForm
from allauth.account.forms import SetPasswordForm as AllauthSetPasswordForm
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm, LoginWebAuthnForm
from django import forms
from django.conf import settings
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from community.access import shown_lately
from config.middleware.client_address import client_address
from config.sealing import seal, unseal

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from invitations alone, and limits count the address that can be believed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Who has just come in is not asked again on allauth's pages either."""
        return not shown_lately(self.request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mail about the account, where mail is set up. A broken mail server must not undo what was done."""
        if not settings.EMAIL_HOST:
            return
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            log.exception("A message about an account was not sent")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The secrets of code apps lie sealed in the database."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)


def _without_echoes(form: forms.Form) -> None:
    """A placeholder that repeats its label tells nothing and is gone once it would be of use."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class _NewPassword:
    """What a password needs is said as where people join: in Azotea's words, before it is refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_echoes(self)  # type: ignore[arg-type]
        self.fields["password1"].help_text = _(  # type: ignore[attr-defined]
            "At least 10 characters; a short sentence is easy to remember."
        )


class ChangePasswordForm(_NewPassword, AllauthChangePasswordForm):  # type: ignore[misc]
    """Another password for whoever knows the present one."""


class SetPasswordForm(_NewPassword, AllauthSetPasswordForm):  # type: ignore[misc]
    """A first password for whoever came in without one."""


class ResetPasswordKeyForm(_NewPassword, AllauthResetPasswordKeyForm):  # type: ignore[misc]
    """Another password for whoever has the mailed link."""


class LoginForm(AllauthLoginForm):  # type: ignore[misc]
    """E-mail and password; the field is called what password managers expect."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_echoes(self)
        self.fields["login"].label = _("E-mail")
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"
        self.fields["password"].help_text = ""

    def add_prefix(self, field_name: str) -> str:
        return str(super().add_prefix("username" if field_name == "login" else field_name))


class CredentialField(forms.JSONField):
    """What a browser says of a key: an object, whatever else somebody may send instead."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError) as error:  # a number of thousands of digits, or a thousand brackets
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
        if not isinstance(found, dict | None):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)


class NewPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new key opens the door alone, unless its owner wants it after the password only."""

    credential = CredentialField(required=True, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        field = self.fields["passwordless"]
        field.initial = True
        field.label = _("It opens without a password")
        field.help_text = _(
            "Your finger, face or PIN takes its place. A key without any of them comes after the password."
        )

    def clean(self) -> Any:
        try:
            return super().clean()
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # no key says that
            raise SecondFactorAdapter().validation_error("incorrect_code") from error


class PasskeyLoginForm(LoginWebAuthnForm):  # type: ignore[misc]
    """Only a key that was added for logging in without a password does so; a second factor stays a second one."""

    credential = CredentialField(required=True, widget=forms.HiddenInput)

    def clean_credential(self) -> Authenticator:
        try:
            authenticator = super().clean_credential()
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:  # no key says that
            raise SecondFactorAdapter().validation_error("incorrect_code") from error
        if authenticator.wrap().is_passwordless is False:
            raise SecondFactorAdapter().validation_error("incorrect_code")
        return authenticator
