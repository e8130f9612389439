"""Which passwords are refused, in every language of the site."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import gettext as _


class LongEnough(MinimumLengthValidator):
    """Django's own words for it are not written in Catalan."""

    def get_error_message(self) -> str:
        return _("This password is too short: it needs %(least)d characters at least.") % {
            "least": self.min_length
        }
