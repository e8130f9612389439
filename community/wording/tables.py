"""What the operator's tables are called, one row and many: of people, homes and contracts, and of log-ins."""

from collections.abc import Mapping

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

# By the model's label, so that names stand with the words, not in migrations.
Names = Mapping[str, tuple[Promise, Promise]]

NAMES: Names = {
    "community.User": (pgettext_lazy("table", "user"), pgettext_lazy("table", "users")),
    "community.Community": (pgettext_lazy("table", "community"), pgettext_lazy("table", "communities")),
    "community.Member": (pgettext_lazy("table", "member"), pgettext_lazy("table", "members")),
    "community.Household": (pgettext_lazy("table", "home"), pgettext_lazy("table", "homes")),
    "community.Device": (pgettext_lazy("table", "device"), pgettext_lazy("table", "devices")),
    "community.Tariff": (pgettext_lazy("table", "tariff"), pgettext_lazy("table", "tariffs")),
    "community.TariffVersion": (
        pgettext_lazy("table", "version of a tariff"),
        pgettext_lazy("table", "versions of tariffs"),
    ),
    "community.OfferTerms": (
        pgettext_lazy("table", "terms of an offer"),
        pgettext_lazy("table", "terms of offers"),
    ),
    "community.SupplyContract": (
        pgettext_lazy("table", "supply contract"),
        pgettext_lazy("table", "supply contracts"),
    ),
    "community.Feeder": (pgettext_lazy("table", "feeder"), pgettext_lazy("table", "feeders")),
    "community.Invitation": (pgettext_lazy("table", "invitation"), pgettext_lazy("table", "invitations")),
    "community.AuditEvent": (pgettext_lazy("table", "access record"), pgettext_lazy("table", "access records")),
    "community.ErasureRequest": (
        pgettext_lazy("table", "request to be erased"),
        pgettext_lazy("table", "requests to be erased"),
    ),
    "community.JoinRequest": (
        pgettext_lazy("table", "request to join"),
        pgettext_lazy("table", "requests to join"),
    ),
    "community.Announcement": (pgettext_lazy("table", "announcement"), pgettext_lazy("table", "announcements")),
    "community.AnnouncementLetter": (
        pgettext_lazy("table", "letter with an announcement"),
        pgettext_lazy("table", "letters with announcements"),
    ),
    "mfa.Authenticator": (pgettext_lazy("table", "second factor"), pgettext_lazy("table", "second factors")),
    "usersessions.UserSession": (pgettext_lazy("table", "session"), pgettext_lazy("table", "sessions")),
}


def name_tables(names: Names) -> None:
    """Give models the names that the operator reads."""
    for label, (one, many) in names.items():
        meta = apps.get_model(label)._meta
        meta.verbose_name, meta.verbose_name_plural = one, many
