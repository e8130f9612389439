"""States of homes and members in words, each with its day."""

from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from community import figures
from community.models import Member
from market.queries.neighbours import HomeState


class StateWords(NamedTuple):
    """The word of a badge, the colour of it, and since when."""

    word: str
    mark: str
    since: str


def state(found: HomeState) -> StateWords:
    """How far a home's neighbour has come."""
    words = {
        "free": (_("free"), "", ""),
        "invited": (_("invited"), "", _("invited on %(day)s")),
        "joined": (_("joined"), "sun", _("joined on %(day)s; no readings or no rules yet")),
        "active": (_("active"), "sea", _("trading since %(day)s")),
        "paused": (_("paused"), "attention", _("paused since %(day)s")),
    }
    word, mark, since = words[found.code]
    day = figures.short_day_and_year(timezone.localtime(found.since).date()) if found.since else ""
    return StateWords(word, mark, since % {"day": day} if day else since)


def member_since(member: Member) -> str:
    """From when to when somebody is a member."""
    facts = {"joined": figures.short_day_and_year(timezone.localtime(member.joined_at).date())}
    if member.left_at is None:
        return _("since %(joined)s") % facts
    facts["left"] = figures.short_day_and_year(timezone.localtime(member.left_at).date())
    return _("from %(joined)s to %(left)s") % facts
