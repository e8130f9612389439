"""Wishes to join in words: their state with its day, faults of the form, and the letter that declines."""

from datetime import datetime

from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from community import figures
from community.models import JoinRequest
from community.queries import language_of
from metering.services.roster_plan import CellFault
from metering.wording import roster


def state(wish: JoinRequest) -> tuple[str, str]:
    """What became of a wish, with the day, and the colour of its badge."""
    if wish.state == JoinRequest.State.WAITING or wish.decided_at is None:
        return _("asked on %(day)s") % {"day": _day(wish.asked_at)}, "attention"
    facts = {"day": _day(wish.decided_at), "name": wish.decided_by.user.name if wish.decided_by else "–"}
    if wish.state == JoinRequest.State.ACCEPTED:
        return _("accepted on %(day)s by %(name)s") % facts, "sea"
    return _("declined on %(day)s by %(name)s") % facts, ""


def cell_fault(found: CellFault) -> str:
    """Why the home cannot be handed over so, and the cure."""
    return str(roster.FAULTS[found.code]) % {"told": found.told or "–"}


def refusal(wish: JoinRequest) -> EmailMessage:
    """The letter to whoever asked, in the language of whoever declines and writes the reason."""
    with translation.override(language_of(wish.decided_by)):
        facts = {"community": wish.community.name, "name": wish.name, "reason": wish.reason}
        words = _(
            "Dear %(name)s,\n\nyou asked to join %(community)s. It cannot be done now, for this reason:\n\n"
            "%(reason)s\n\nWhat you wrote is removed after 90 days."
        )
        return EmailMessage(_("%(community)s: your wish to join") % facts, words % facts, to=[wish.email])


def _day(instant: datetime) -> str:
    return figures.day(timezone.localtime(instant).date())
