"""Ways to the pages of those who run the community, by what they are about."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from community.roles import Can

# Each way: who may go it, the page's name among the addresses, and what it is called.
GROUPS = (
    (
        pgettext_lazy("pages about", "People"),
        (
            (Can.INVITE, "members", _("Neighbours and invitations")),
            (Can.INVITE, "join-requests", _("Who wants to join")),
            (Can.SET_RULES, "outside", _("What the street shows outside")),
            (Can.SEE_AUDIT, "audit", _("Who did what")),
            (Can.ERASE, "erasures", _("Wishes to be erased")),
        ),
    ),
    (
        pgettext_lazy("pages about", "Money"),
        (
            (Can.SEE_MONTHS, "closing", _("Months of the street")),
            (Can.PAY, "payment-desk", _("Payments through the bank")),
            (Can.SET_TARIFFS, "tariffs", _("Tariffs and contracts")),
            (Can.SET_SHARING, "sharing", _("Ways of sharing")),
        ),
    ),
    (
        pgettext_lazy("pages about", "Meters"),
        (
            (Can.SEE_METERS, "completeness", _("Completeness of the readings")),
            (Can.BRING_METERS, "meter-files", _("Meter files")),
            (Can.GIVE_TOKENS, "gateways", _("Gateways and tokens")),
            (Can.SEE_METERS, "equipment", _("Equipment of the street")),
            (Can.BRING_METERS, "datadis-account", "Datadis"),
        ),
    ),
    (
        pgettext_lazy("pages about", "Cables and agents"),
        (
            (Can.SET_CABLES, "new-cables", _("The street's cables")),
            (Can.SEE_STREET, "forecasts", _("Forecasts")),
            (Can.RUN_AGENTS, "agents", _("Who decides for the homes")),
            (Can.RUN_PILOTS, "studio", _("Pilot studio")),
        ),
    ),
)


def running(may: Collection[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The ways that are open to whoever may do this; of what is closed altogether, not even the title."""
    open_ways = [(title, [(page, label) for can, page, label in ways if can in may]) for title, ways in GROUPS]
    return [(str(title), [(page, str(label)) for page, label in ways]) for title, ways in open_ways if ways]
