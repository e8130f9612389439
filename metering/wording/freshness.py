"""Until when what a page shows is true."""

from dataclasses import replace
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from metering.completeness import Freshness


def until_line(fresh: Freshness, at: datetime) -> str:
    """ "Readings until 12:30; 3 meters are behind"."""
    if fresh.until is None:
        return _("No readings yet")
    local, now = timezone.localtime(fresh.until), timezone.localtime(at)
    if local.date() == now.date():
        told = _("Readings until %(time)s") % {"time": figures.clock(fresh.until)}
    else:
        given = {"day": figures.day(local.date()), "time": figures.clock(fresh.until)}
        told = _("Readings until %(day)s, %(time)s") % given
    behind = behind_line(fresh)
    return f"{told}; {behind}" if behind else told


def own_until_line(fresh: Freshness, at: datetime) -> str:
    """The same of one home: until when its own meters have told, and how many of the street's are behind."""
    behind = fresh.behind if fresh.until else 0
    return until_line(replace(fresh, until=fresh.own, behind=behind), at)


def behind_line(fresh: Freshness) -> str:
    """ "3 meters are behind", or nothing: while none has told anything, none is behind another."""
    if fresh.until is None or not fresh.behind:
        return ""
    words = ngettext("%(count)s meter is behind", "%(count)s meters are behind", fresh.behind)
    return words % {"count": fresh.behind}


def updated_line(at: datetime) -> str:
    """When a page that renews itself was made."""
    return _("updated %(time)s") % {"time": figures.clock(at)}
