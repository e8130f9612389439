"""An account's first second factor: from then on nobody is inside who came in by the password alone."""

from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import AddWebAuthnView
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from django.forms import Form
from django.http import HttpRequest, HttpResponse


class _EndsWhatWasOpen:
    """Ends the account's other sessions with its first factor: what was opened without would count as with it."""

    request: HttpRequest

    def form_valid(self, form: Form) -> HttpResponse:
        is_first = not is_mfa_enabled(self.request.user)
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        if is_first:
            end_other_sessions(self.request, self.request.user)
        return answer


class NewCodes(_EndsWhatWasOpen, ActivateTOTPView):  # type: ignore[misc]
    """Codes of an app as a second factor."""


class NewKey(_EndsWhatWasOpen, AddWebAuthnView):  # type: ignore[misc]
    """A passkey, or a key after the password."""
