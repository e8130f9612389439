"""The way to the first settlement in words: what is done, what is next, and where it is done."""

from datetime import datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from community.access import empowered
from community.models import Member
from community.roles import Can
from market.queries.checklist import Progress, progress_of


class Step(NamedTuple):
    """A step: what it is, where it is done, how far it is (`done`, `part`, `open`) and what is missing."""

    title: str
    address: str
    state: str
    said: str
    mark: str


def checklist(member: Member, at: datetime) -> list[Step]:
    """The steps, for those who may take them; none once the street is under way."""
    if not empowered(member, Can.INVITE):
        return []
    found = progress_of(member.community, at)
    return [] if found.settled else _steps(found)


def _steps(found: Progress) -> list[Step]:
    return [
        _step(_("The community exists"), "law", 1, 1, _("its place and its legal mode can be changed")),
        _counted(_("Homes"), "import-roster", found.homes, found.homes),
        _counted(_("A tariff for each home"), "tariffs", found.contracts, found.homes),
        _counted(_("A meter for each home"), "import-roster", found.meters, found.homes),
        _counted(_("First readings"), "meter-files", found.heard, found.homes),
        _counted(_("A neighbour for each home, or an invitation"), "invite", found.neighbours, found.homes),
        _step(
            _("The cables"),
            "new-cables",
            int(found.cables),
            1,
            _("may come later: until then the market knows no limits"),
        ),
        _step(
            _("A first settlement to look at"),
            "closing",
            int(found.settled),
            1,
            _("comes by itself once homes with readings have traded"),
        ),
    ]


def _counted(title: str, name: str, count: int, homes: int) -> Step:
    said = _("%(count)d of %(homes)d homes") % {"count": count, "homes": homes} if homes else _("no homes yet")
    return _step(title, name, count, homes, said)


def _step(title: str, name: str, count: int, wanted: int, said: str) -> Step:
    state = "done" if wanted and count == wanted else "part" if count else "open"
    word, mark = {"done": (_("done"), "sea"), "part": (_("begun"), "sun"), "open": (_("to do"), "")}[state]
    return Step(title, reverse(name), word, said, mark)
