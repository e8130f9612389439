"""What became of a query, and how a consent stands, in words."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community import figures
from metering.models import Consent

OUTCOMES = {
    "": gettext_lazy("on its way"),
    "stored": gettext_lazy("new readings stored"),
    "unchanged": gettext_lazy("nothing new"),
    "empty": gettext_lazy("no readings there yet"),
    "too-often": gettext_lazy("asked already within 24 hours"),
    "login-refused": gettext_lazy("NIF or password refused"),
    "not-allowed": gettext_lazy("the holder has not authorised this account on Datadis"),
    "timed-out": gettext_lazy("no answer in time; asked again tomorrow"),
    "unavailable": gettext_lazy("Datadis is out of order; asked again tomorrow"),
    "incomprehensible": gettext_lazy("the answer was no curve; asked again tomorrow"),
    "unreadable": gettext_lazy("the file could not be read; see Meter files"),
}


def consent_state(consent: Consent | None, at: datetime) -> str:
    """How a meter's consent stands."""
    if consent is None:
        return _("no consent")
    day = figures.day_and_year(figures.local_day(consent.expires_at))
    if consent.expires_at <= at:
        return _("expired on %(day)s") % {"day": day}
    return _("until %(day)s") % {"day": day}
